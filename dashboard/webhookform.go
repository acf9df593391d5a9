package dashboard

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// A webhookForm is what somebody says of a webhook, as the form has it.
type webhookForm struct {
	URL, Name, Description, Secret, Filter string
	Events                                 []string
	// Retry is "" for the store's policy, the name of a preset, or retryKept.
	Retry string
	// Headers are lines of "Name: value".
	Headers string
	Active  bool
}

// retryKept stands for a policy of the webhook's own that is no preset.
const retryKept = "kept"

// sentWebhook reads the form that was sent.
func (p *page) sentWebhook() webhookForm {
	line := func(name string) string { return strings.TrimSpace(p.r.PostFormValue(name)) }
	return webhookForm{
		URL: line("url"), Name: line("name"), Description: unixLines(line("description")), Secret: line("secret"),
		Filter: unixLines(line("filter")), Retry: line("retry"), Headers: unixLines(line("headers")),
		Active: p.r.PostFormValue("active") != "", Events: pickedEvents(p.r.PostForm),
	}
}

func unixLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// maxPicked is more event types than a webhook may have: what is beyond is not looked at,
// and the webhook is refused for what is there.
const maxPicked = 300

// pickedEvents are the event types of a picker: what is checked, and what was typed.
// What the picker hides, since "*" or the group is checked, counts for nothing.
func pickedEvents(form url.Values) []string {
	typed := strings.FieldsFunc(form.Get("otherEvents"), func(r rune) bool { return r == ',' || r <= ' ' })
	var picked []string
	for _, name := range slices.Concat(form["events"], typed) {
		if len(picked) == maxPicked {
			break
		}
		if !slices.Contains(picked, name) {
			picked = append(picked, name)
		}
	}
	if slices.Contains(picked, "*") {
		return []string{"*"}
	}
	return slices.DeleteFunc(slices.Clone(picked), func(name string) bool {
		return slices.ContainsFunc(picked, func(pattern string) bool {
			prefix, isPrefix := strings.CutSuffix(pattern, "*")
			return isPrefix && pattern != name && strings.HasPrefix(name, prefix)
		})
	})
}

// formOf is what the form shows of a webhook.
func formOf(w *billhook.Webhook) webhookForm {
	form := webhookForm{
		URL: w.URL, Name: w.Name, Description: w.Description, Filter: w.Filter, Events: w.Events,
		Retry: retryOf(w.RetryPolicy), Active: w.IsActive,
	}
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		// A receiver's credentials may be among the values.
		form.Headers += name + ": " + billhook.HeaderKept + "\n"
	}
	return form
}

// retryOf says which choice of the form a policy is.
func retryOf(policy *profile.RetryPolicy) string {
	if policy == nil {
		return ""
	}
	for _, name := range profile.Presets() {
		if preset, _ := profile.Preset(name); sameJSON(preset, *policy) {
			return name
		}
	}
	return retryKept
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// policy is the one that was chosen, where that is neither retryKept nor unknown.
func (f *webhookForm) policy() (*profile.RetryPolicy, error) {
	if f.Retry == "" {
		return nil, nil
	}
	preset, ok := profile.Preset(f.Retry)
	if !ok {
		return nil, refused("/retryPolicy", "is none of those to choose from")
	}
	return &preset, nil
}

// headers reads the lines.
func (f *webhookForm) headers() (map[string]string, error) {
	var all map[string]string
	for line := range strings.Lines(f.Headers) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok {
			return nil, refused("/headers", `holds a line without a colon; write each as "Name: value"`)
		}
		if _, twice := all[name]; twice {
			return nil, refused("/headers", "has one name twice")
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = value
	}
	return all, nil
}

func refused(pointer, message string) error {
	return &billhook.Error{Code: billhook.CodeInvalid, Pointer: pointer, Message: message}
}

// registration is what the form asks for.
func (f *webhookForm) registration(storeID string) (r billhook.Registration, err error) {
	r = billhook.Registration{
		StoreID: storeID, URL: f.URL, Events: f.Events, Secret: f.Secret, Name: f.Name, Description: f.Description, Inactive: !f.Active,
	}
	r.Filter = f.Filter
	if r.RetryPolicy, err = f.policy(); err != nil {
		return r, err
	}
	r.Headers, err = f.headers()
	return r, err
}

// change is what the form asks to change of a webhook: what it leaves as it is may
// be wrong by today's rules, and must not keep the rest from being changed.
func (f *webhookForm) change(w *billhook.Webhook) (ch billhook.WebhookChange, err error) {
	was := formOf(w)
	set := func(to **string, is, will string) {
		if is != will {
			*to = &will
		}
	}
	set(&ch.URL, was.URL, f.URL)
	set(&ch.Name, was.Name, f.Name)
	set(&ch.Description, was.Description, f.Description)
	set(&ch.Filter, was.Filter, f.Filter)
	if !slices.Equal(slices.Sorted(slices.Values(was.Events)), slices.Sorted(slices.Values(f.Events))) {
		ch.Events = &f.Events
	}
	if f.Retry != was.Retry && f.Retry != retryKept {
		policy, err := f.policy()
		if err != nil {
			return ch, err
		}
		ch.RetryPolicy = &policy
	}
	if f.Headers != strings.TrimSpace(was.Headers) {
		headers, err := f.headers()
		if err != nil {
			return ch, err
		}
		ch.Headers = &headers
	}
	return ch, nil
}

// A webhookFormPage is what the templates webhook-new.html and webhook-edit.html show.
type webhookFormPage struct {
	*page
	// Webhook is the one that is changed; its ID is "" for a new one.
	Webhook billhook.Webhook
	Form    webhookForm
	Picker  picker
	// Retries are the policies to choose from.
	Retries []retryChoice
	// Filters: there is a language of filters.
	Filters bool
	Problem *problem
}

// A retryChoice is a policy to choose.
type retryChoice struct{ Value, Text string }

// showWebhookForm answers with the form, and with what was wrong with it.
func (p *page) showWebhookForm(name string, w billhook.Webhook, form webhookForm, wrong error) error {
	picker, err := p.newPicker(form.Events)
	if err != nil {
		return err
	}
	shown := webhookFormPage{page: p, Webhook: w, Form: form, Picker: picker, Filters: p.client.CheckFilter("true") == nil}
	general := w
	general.RetryPolicy = nil
	shown.Retries = append(shown.Retries, retryChoice{"", p.t("webhooks.retryStore", p.policyText(p.policyOf(&general)))})
	for _, name := range profile.Presets() {
		preset, _ := profile.Preset(name)
		shown.Retries = append(shown.Retries, retryChoice{name, p.policyText(&preset)})
	}
	if retryOf(w.RetryPolicy) == retryKept {
		shown.Retries = append(shown.Retries, retryChoice{retryKept, p.t("webhooks.retryKept", p.policyText(w.RetryPolicy))})
	}
	status := http.StatusOK
	if wrong != nil {
		shown.Problem = p.problem(wrong)
		status = shown.Problem.Status
	}
	return p.renderWith(status, name, shown)
}

// policyOf is the retry policy that holds for a webhook; nil where that is not known.
func (p *page) policyOf(w *billhook.Webhook) *profile.RetryPolicy {
	switch {
	case w.RetryPolicy != nil:
		return w.RetryPolicy
	case p.store.RetryPolicy != nil:
		return p.store.RetryPolicy
	}
	if its, ok := p.client.Profile(p.store.Profile); ok {
		return &its.RetryPolicy
	}
	return nil
}

// policyText says how often a policy tries, and for how long.
func (p *page) policyText(policy *profile.RetryPolicy) string {
	if policy == nil {
		return p.t("webhooks.unknown")
	}
	var total time.Duration
	for n := 1; n < policy.MaxAttempts; n++ {
		total += policy.Delay(n, 0)
	}
	if policy.MaxAttempts == 1 {
		return p.t("webhooks.policyOnce")
	}
	return p.t("webhooks.policy", policy.MaxAttempts, p.Span(total))
}
