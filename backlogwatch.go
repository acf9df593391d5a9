package billhook

import "time"

const (
	// backlogEvery is how often it is looked how late the node is, backlogHigh from
	// when on that is told, and backlogCalm for how long it must be less until it is
	// told to be over: one that comes and goes is one. It is no less than alertQuiet,
	// so that none is grouped with the one before.
	backlogEvery = time.Minute
	backlogHigh  = 5 * time.Minute
	backlogCalm  = alertQuiet
)

// A backlogWatch tells when a node becomes late with what is due, and when that is
// over. It knows of its own node alone: a node is late by itself, short of CPU or of
// places, and the others do not help it with what it owns.
type backlogWatch struct {
	// since is when what waits longest was due as it was told that the node is late,
	// and calm when it was first seen to be less late again; both zero for not.
	since, calm time.Time
}

// look takes in how late the node is, and returns what there is to tell.
func (w *backlogWatch) look(late time.Duration, at time.Time) (tell Alert, ok bool) {
	switch {
	case late >= backlogHigh && w.since.IsZero():
		w.since = at.Add(-late)
		return Alert{
			Type: AlertBacklogHigh, Since: w.since, OverdueSeconds: int64(late / time.Second),
			Reason: "deliveries wait although their webhooks would take them: requests under way are at their limit, or the node is short of CPU or disk",
		}, true
	case late >= backlogHigh:
		w.calm = time.Time{}
	case w.since.IsZero():
	case w.calm.IsZero():
		w.calm = at
	case at.Sub(w.calm) >= backlogCalm:
		tell = Alert{Type: AlertBacklogRecovered, Since: w.since, Reason: "nothing has waited for long for ten minutes"}
		*w = backlogWatch{}
		return tell, true
	}
	return Alert{}, false
}
