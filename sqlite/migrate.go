package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
)

//go:embed migrations/*.sql
var migrations embed.FS

// application marks a SQLite file as Billhook's ("Bilh").
const application = 0x42696c68

// migrate runs the migrations that the file has not had, in the order of
// their names, each in a transaction of its own. The file's user_version
// counts those it has had.
func migrate(ctx context.Context, conn *sql.Conn) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	var mark, version int
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	switch {
	case mark != 0 && mark != application:
		return fmt.Errorf("migrate: the file belongs to another application (id %#x): name another file", mark)
	case version > len(names):
		return fmt.Errorf("%w: its schema is version %d, this one knows %d: run the newer billhook, or restore a backup made before it",
			ErrNewer, version, len(names))
	}
	for ; version < len(names); version++ {
		text, err := migrations.ReadFile(names[version])
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		script := "BEGIN IMMEDIATE;\n" + string(text) +
			"\nPRAGMA application_id = " + strconv.Itoa(application) +
			";\nPRAGMA user_version = " + strconv.Itoa(version+1) + ";\nCOMMIT;"
		if _, err := conn.ExecContext(ctx, script); err != nil {
			conn.ExecContext(ctx, "ROLLBACK") // fails where the transaction is gone already
			return fmt.Errorf("migrate with %s: %w", names[version], err)
		}
	}
	return nil
}
