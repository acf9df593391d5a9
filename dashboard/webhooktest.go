package dashboard

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/billhook/billhook"
)

// testPage is what templates/pages/webhook-test.html shows.
type testPage struct {
	webhookRow
	Picker  picker
	Type    string
	Example string
	Problem *problem
}

// testForm offers the event types of the catalogue, and shows the example that would
// be sent.
func (p *page) testForm() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	return p.showTest(row, p.r.URL.Query().Get("type"), nil)
}

func (p *page) showTest(row webhookRow, eventType string, wrong error) error {
	shown := testPage{webhookRow: row, Type: eventType}
	var err error
	if shown.Picker, err = p.newPicker(nil); err != nil {
		return err
	}
	if shown.Type == "" {
		shown.Type = shown.firstType()
	}
	for _, g := range shown.Picker.Groups {
		for _, t := range g.Types {
			if t.Name == shown.Type && len(t.Examples) > 0 {
				shown.Example = indented(t.Examples[0])
			}
		}
	}
	if wrong == nil {
		return p.render("webhook-test", shown)
	}
	shown.Problem = p.problem(wrong)
	return p.renderWith(shown.Problem.Status, "webhook-test", shown)
}

// firstType is the first of the catalogue that the webhook wants, or else the first.
func (s *testPage) firstType() string {
	first := ""
	for _, g := range s.Picker.Groups {
		for _, t := range g.Types {
			if first == "" {
				first = t.Name
			}
			for _, pattern := range s.Webhook.Events {
				prefix, isPrefix := strings.CutSuffix(pattern, "*")
				if pattern == t.Name || isPrefix && strings.HasPrefix(t.Name, prefix) {
					return t.Name
				}
			}
		}
	}
	return first
}

// indented is JSON as people read it.
func indented(text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		return text
	}
	return b.String()
}

func (p *page) sendTest() error {
	id, eventType := p.r.PathValue("id"), strings.TrimSpace(p.r.PostFormValue("type"))
	d, err := p.client.Test(p.Context(), p.store.ID, id, eventType)
	switch {
	case err == nil && p.May(billhook.PermissionDeliveriesRead):
		return p.redirect(p.To("webhooks", id, "tests", d.ID), "")
	case err == nil:
		return p.redirect(p.To("webhooks", id), "webhooks.done.tested")
	case !isRefused(err):
		return err
	}
	row, found := p.below()
	if found != nil {
		return found
	}
	return p.showTest(row, eventType, err)
}

// testedPage is what templates/pages/webhook-tested.html shows.
type testedPage struct {
	webhookRow
	Delivery billhook.Delivery
	Attempts []billhook.Attempt
	Payload  string
}

// Over: the answer is there, and nothing more will happen by itself.
func (s *testedPage) Over() bool { return s.Delivery.Status != billhook.StatusPending }

// tested shows what became of a test event. While its delivery waits a script asks
// again.
func (p *page) tested() error {
	row, err := p.below()
	if err != nil {
		return err
	}
	d, err := p.client.Delivery(p.Context(), p.store.ID, p.r.PathValue("delivery"))
	if err != nil {
		return err
	}
	if d.WebhookID != row.ID {
		return &billhook.Error{Code: billhook.CodeNotFound, Message: "this webhook has no such delivery"}
	}
	attempts, err := p.client.Attempts(p.Context(), p.store.ID, d.ID)
	if err != nil {
		return err
	}
	slices.Reverse(attempts) // the latest first, where somebody waits for it
	if p.May(billhook.PermissionWebhooksManage) {
		p.within(p.t("webhooks.test"), "webhooks", row.ID, "test")
	}
	return p.render("webhook-tested", &testedPage{webhookRow: row, Delivery: d, Attempts: attempts, Payload: indented(string(d.Payload))})
}
