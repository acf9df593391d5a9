package dashboard

import (
	"net/http"
	"strings"
	"testing"
)

// TestNodes: the one node of a file says that it is alive and how much it owns.
func TestNodes(t *testing.T) {
	f := newFixture(t)
	nodes, err := f.client.Nodes(t.Context())
	if err != nil || len(nodes) != 1 {
		t.Fatalf("%d nodes: %v", len(nodes), err)
	}
	w := f.signedIn(rootSecret).get("/nodes")
	body := w.Body.String()
	if w.Code != http.StatusOK || strings.Count(body, `<th scope="row">`) != 1 || !strings.Contains(body, "One process delivers") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	if nodes[0].Own != strings.Contains(body, "This one answers you") || nodes[0].Alive != strings.Contains(body, "Alive") {
		t.Errorf("%+v is shown as\n%s", nodes[0], body)
	}
}
