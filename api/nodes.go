package api

import (
	"net/http"

	"github.com/billhook/billhook"
)

type nodeJSON struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	Alive      bool    `json:"alive"`
	Own        bool    `json:"own"`
	StartedAt  instant `json:"startedAt"`
	BeatAt     instant `json:"beatAt"`
	Deliveries int64   `json:"deliveries"`
}

func showNode(n *billhook.Node) nodeJSON {
	return nodeJSON{n.ID, n.Name, n.Alive, n.Own, instant(n.StartedAt), instant(n.BeatAt), n.Deliveries}
}

// listNodes answers all of them: there are few.
func (c *call) listNodes() error {
	nodes, err := c.client.Nodes(c.r.Context())
	if err != nil {
		return err
	}
	shown := struct {
		Data []nodeJSON `json:"data"`
	}{Data: []nodeJSON{}}
	for i := range nodes {
		shown.Data = append(shown.Data, showNode(&nodes[i]))
	}
	return c.answer(http.StatusOK, shown)
}
