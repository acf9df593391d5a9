package api

import (
	"net/http"

	"github.com/billhook/billhook"
)

type (
	filterJSON struct {
		Filter        *string        `json:"filter"`
		EventVersions map[string]int `json:"eventVersions"`
		Failures      *failuresJSON  `json:"failures"`
	}
	filterRunJSON struct {
		Looked   int             `json:"looked"`
		Matched  int             `json:"matched"`
		Failed   int             `json:"failed"`
		More     bool            `json:"more"`
		Matches  []lookedAt      `json:"matches"`
		Others   []lookedAt      `json:"others"`
		Failures []filterFailure `json:"failures"`
	}
	lookedAt struct {
		ID        string  `json:"id"`
		Type      string  `json:"type"`
		CreatedAt instant `json:"createdAt"`
	}
	filterFailure struct {
		lookedAt
		Message string `json:"message"`
	}
)

// getWebhookFilter shows what decides which events a webhook gets, and for which it
// had no answer.
func (c *call) getWebhookFilter() error {
	w, err := c.client.Get(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	failures, err := c.client.FilterFailures(c.r.Context(), c.storeID, w.ID)
	if err != nil {
		return err
	}
	shown := showWebhook(&w)
	return c.answer(http.StatusOK, filterJSON{shown.Filter, shown.EventVersions, showFailures(failures, "")})
}

// tryFilter tells which past events a filter would have let through, with a webhook
// in the path or without.
func (c *call) tryFilter() error {
	text, err := c.body(c.cfg.MaxBody)
	if err != nil {
		return err
	}
	run := billhook.FilterRun{StoreID: c.storeID, WebhookID: c.r.PathValue("id")}
	members := []string{"filter", "since", "limit"}
	if run.WebhookID == "" {
		members = append(members, "events")
	}
	err = readBody(text, func(rd *reader) error {
		return rd.object(members, func(name string) (err error) {
			switch name {
			case "filter":
				run.Filter, err = optional(rd, rd.string)
			case "since":
				run.Since, err = optional(rd, rd.time)
			case "limit":
				run.Limit, err = optional(rd, rd.version)
			case "events":
				run.Events, err = optional(rd, rd.strings)
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	result, err := c.client.TryFilter(c.r.Context(), run)
	if err != nil {
		return err
	}
	shown := filterRunJSON{
		Looked: result.Looked, Matched: result.Matched, Failed: result.Failed, More: result.More,
		Matches: looks(result.Matches), Others: looks(result.Others), Failures: []filterFailure{},
	}
	for i := range result.Failures {
		shown.Failures = append(shown.Failures, filterFailure{look(&result.Failures[i].Event), result.Failures[i].Message})
	}
	return c.answer(http.StatusOK, shown)
}

func look(e *billhook.Event) lookedAt { return lookedAt{e.ID, e.Type, instant(e.CreatedAt)} }

func looks(events []billhook.Event) []lookedAt {
	all := []lookedAt{}
	for i := range events {
		all = append(all, look(&events[i]))
	}
	return all
}
