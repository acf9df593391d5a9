package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/billhook/billhook"
)

type activityJSON struct {
	From        instant             `json:"from"`
	To          instant             `json:"to"`
	StepSeconds int64               `json:"stepSeconds"`
	Data        []activityPointJSON `json:"data"`
	Total       activityTotalJSON   `json:"total"`
}

type activityTotalJSON struct {
	Delivered int64 `json:"delivered"`
	Failed    int64 `json:"failed"`
	Dead      int64 `json:"dead"`
	Waiting   int64 `json:"waiting"`
	// P50Ms and P95Ms are null where nothing was delivered.
	P50Ms *int64 `json:"p50Ms"`
	P95Ms *int64 `json:"p95Ms"`
}

type activityPointJSON struct {
	At instant `json:"at"`
	activityTotalJSON
}

func showActivityPoint(p *billhook.ActivityPoint) activityPointJSON {
	ms := func(d time.Duration) *int64 {
		if p.Delivered == 0 {
			return nil
		}
		n := d.Milliseconds()
		return &n
	}
	return activityPointJSON{At: instant(p.At), activityTotalJSON: activityTotalJSON{
		Delivered: p.Delivered, Failed: p.Failed, Dead: p.Dead, Waiting: p.Waiting, P50Ms: ms(p.P50), P95Ms: ms(p.P95),
	}}
}

// activityParameters are the names of what an ActivityQuery has.
var activityParameters = map[string]string{"/since": "from", "/step": "stepSeconds"}

func (c *call) getActivity() error {
	q := c.query("from", "to", "stepSeconds", "stores")
	ask := billhook.ActivityQuery{StoreID: c.storeID}
	ask.Since, ask.Until = q.between()
	if q.values.Has("stepSeconds") {
		seconds, err := strconv.ParseInt(q.text("stepSeconds"), 10, 32)
		if err != nil || seconds < 1 {
			q.refuse("stepSeconds", "must be a whole number, a multiple of 300")
		}
		ask.Step = time.Duration(seconds) * time.Second
	}
	switch stores := q.text("stores"); {
	case stores == "all" && c.key.StoreID != "":
		return forbidden("the key is for one store")
	case stores == "all":
		ask.AllStores = true
	case q.values.Has("stores"):
		q.refuse("stores", "must be all, or left out for one store")
	}
	if q.err != nil {
		return q.err
	}
	a, err := c.client.Activity(c.r.Context(), ask)
	if err != nil {
		return inQuery(err, activityParameters)
	}
	shown := activityJSON{From: instant(a.Since), To: instant(a.Until), StepSeconds: int64(a.Step / time.Second), Total: showActivityPoint(&a.Total).activityTotalJSON}
	for i := range a.Points {
		shown.Data = append(shown.Data, showActivityPoint(&a.Points[i]))
	}
	return c.answer(http.StatusOK, shown)
}
