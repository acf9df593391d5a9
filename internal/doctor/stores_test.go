package doctor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

func TestRetention(t *testing.T) {
	w := newWorld(t)
	w.wants("retention", OK, "for ever")
	w.doctor.Growth = 1
	w.wants("retention", Warn, "for ever", "--retention-payload-days")
	if err := w.as(rootKey).Do(t.Context(), "PATCH", "/api/stores/default", map[string]any{"retention": map[string]int{"payloadDays": 30}}, nil); err != nil {
		t.Fatal(err)
	}
	w.wants("retention", OK, "every store says")
	if err := w.as(rootKey).Do(t.Context(), "PATCH", "/api/stores/default", map[string]any{"retention": map[string]any{"auditDays": 400}}, nil); err != nil {
		t.Fatal(err)
	}
	w.wants("retention", Warn, "for ever") // deliveries are kept all the same
}

// TestWebhooks has receivers that want no more, that fail, and that take everything.
func TestWebhooks(t *testing.T) {
	w := newWorld(t)
	answer := http.StatusOK
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			rw.WriteHeader(http.StatusGone)
		case "/fails":
			rw.WriteHeader(http.StatusInternalServerError)
		default:
			rw.WriteHeader(answer)
		}
	}))
	defer receiver.Close()
	once := &profile.RetryPolicy{MaxAttempts: 1, BackoffMultiplier: 1, RetryOn: "any"}
	often := &profile.RetryPolicy{MaxAttempts: 50, BackoffMultiplier: 1, RetryOn: "any", MaxDelay: time.Millisecond}
	w.register(billhook.Registration{ID: "good", URL: receiver.URL + "/good", Events: []string{"*"}})
	w.emit()
	w.doctor.Webhook = "good"
	w.eventually("webhook good", OK)
	w.wants("failing webhooks", OK)
	w.wants("deactivated webhooks", OK)

	w.register(billhook.Registration{ID: "gone", URL: receiver.URL + "/gone", Events: []string{"*"}})
	w.register(billhook.Registration{ID: "fails", URL: receiver.URL + "/fails", Events: []string{"*"}, RetryPolicy: often})
	w.register(billhook.Registration{ID: "dead", URL: receiver.URL + "/fails", Events: []string{"*"}, RetryPolicy: once})
	w.register(billhook.Registration{ID: "idle", URL: receiver.URL + "/", Events: []string{"never.said"}})
	w.register(billhook.Registration{ID: "off", URL: receiver.URL + "/", Events: []string{"*"}, Inactive: true})
	w.emit()
	w.eventually("deactivated webhooks", Warn)
	w.wants("deactivated webhooks", Warn, "has made 1 inactive: gone", "410")
	w.eventually("failing webhooks", Warn)
	w.wants("failing webhooks", Warn, "fails")
	for id, x := range map[string]struct {
		level Level
		word  string
	}{
		"gone": {Fail, "has made it inactive"}, "fails": {Fail, "does not take deliveries"}, "dead": {Fail, "1 are dead"},
		"idle": {Warn, "never had a delivery"}, "off": {Warn, "somebody has made it inactive"}, "good": {OK, "of its last 2 deliveries 2 arrived"},
		"none": {Fail, "none"},
	} {
		w.doctor.Webhook = id
		w.wants("webhook "+id, x.level, x.word)
	}
	w.register(billhook.Registration{ID: "held", URL: receiver.URL + "/", Events: []string{"*"}, Inactive: true, WebhookSettings: billhook.WebhookSettings{WhenInactive: billhook.InactiveHold}})
	w.emit()
	w.doctor.Webhook = "held"
	w.wants("webhook held", Warn, "none of its last 1 deliveries has arrived: 1 are held")
}

// TestNotLookedAt: a webhook whose health cannot be read is not among those that are well.
func TestNotLookedAt(t *testing.T) {
	w := newWorld(t)
	w.register(billhook.Registration{ID: "a", URL: "http://127.0.0.1:9/", Events: []string{"never.said"}})
	w.wants("failing webhooks", OK, "none of 1")
	w.answer["/api/webhooks/a/health"] = http.StatusInternalServerError
	w.wants("failing webhooks", Skip, "1 active ones were not looked at")
	for _, f := range w.find("failing webhooks") {
		if f.Level == OK {
			t.Errorf("%+v", f)
		}
	}
}

// TestMetrics has the service tell of trouble.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	for _, x := range []struct {
		old, new, check string
		level           Level
		word            string
	}{
		{"overdue_seconds 0.5", "overdue_seconds 90", "backlog", Warn, "waits for 2m0s"},
		{"overdue_seconds 0.5", "overdue_seconds 1e4", "backlog", Fail, "waits for 2h47m"},
		{"billhook_overdue_seconds 0.5\n", "", "backlog", Skip, "does not tell"},
		{"max_fds 65536", "max_fds 1024", "file descriptors", Warn, "only 1024"},
		{"open_fds 20", "open_fds 60000", "file descriptors", Fail, "soon no connection"},
		{"process_max_fds 65536\n", "", "file descriptors", Skip, "does not tell"},
		{"lease_held 1", "lease_held 0", "lease", Fail, "does not hold its lease"},
	} {
		w.metrics = strings.Replace(goodMetrics, x.old, x.new, 1)
		if w.metrics == goodMetrics {
			t.Fatalf("%q is not in the metrics", x.old)
		}
		w.wants(x.check, x.level, x.word)
	}
}
