package receive

import (
	"os"
	"testing"

	"github.com/billhook/billhook/internal/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }
