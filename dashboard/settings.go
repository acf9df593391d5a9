package dashboard

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/billhook/billhook"
	"github.com/billhook/billhook/profile"
)

// settingsPage is what templates/pages/settings.html shows.
type settingsPage struct {
	*page
	// Form has each field as it is written, by name.
	Form    map[string]string
	Problem *problem
}

// Validations are the values of that setting.
func (s settingsPage) Validations() []string {
	return []string{billhook.ValidationOff, billhook.ValidationWarn, billhook.ValidationEnforce}
}

// IsDefault reports whether it is the store that cannot be deleted.
func (s settingsPage) IsDefault() bool { return s.store.ID == billhook.DefaultStore }

// Retries are the policies to choose from: the profile's, the presets, one of the store's
// own that has no form here, and one that is written in the fields below.
func (s settingsPage) Retries() []retryChoice {
	var ofProfile *profile.RetryPolicy
	if its, ok := s.client.Profile(s.store.Profile); ok {
		ofProfile = &its.RetryPolicy
	}
	all := []retryChoice{{"", s.t("settings.retryProfile", s.policyText(ofProfile))}}
	for _, name := range profile.Presets() {
		preset, _ := profile.Preset(name)
		all = append(all, retryChoice{name, s.policyText(&preset)})
	}
	if retryOf(s.store.RetryPolicy) == retryKept && len(s.store.RetryPolicy.Delays) > 0 {
		all = append(all, retryChoice{retryKept, s.t("webhooks.retryKept", s.policyText(s.store.RetryPolicy))})
	}
	return append(all, retryChoice{retryOwn, s.t("settings.retryOwn")})
}

// retryOwn stands for a policy that is written in the form's fields.
const retryOwn = "own"

func (p *page) settings() error {
	return p.render("settings", settingsPage{page: p, Form: settingsForm(&p.store)})
}

// settingsForm is what a store has, as the form writes it. What it leaves to others is "".
func settingsForm(s *billhook.Store) map[string]string {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	form := map[string]string{
		"name": s.Name, "profile": s.Profile, "validation": cmp.Or(s.Validation, billhook.ValidationOff),
		"concurrency": number(s.Limits.Concurrency), "updatedAt": s.UpdatedAt.UTC().Format(time.RFC3339Nano),
	}
	if s.Limits.RatePerSecond != 0 {
		form["ratePerSecond"] = strconv.FormatFloat(s.Limits.RatePerSecond, 'f', -1, 64)
	}
	if s.DeactivateAfterSeconds != nil {
		form["deactivateAfterSeconds"] = strconv.FormatInt(*s.DeactivateAfterSeconds, 10)
	}
	form["retry"] = retryOf(s.RetryPolicy)
	if r := s.RetryPolicy; r != nil && len(r.Delays) == 0 {
		if form["retry"] == retryKept {
			form["retry"] = retryOwn
		}
		seconds := func(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
		form["maxAttempts"], form["backoffMultiplier"] = strconv.Itoa(r.MaxAttempts), strconv.FormatFloat(r.BackoffMultiplier, 'f', -1, 64)
		form["initialDelay"], form["maxDelay"] = seconds(r.InitialDelay), seconds(r.MaxDelay)
		if r.MaxAge > 0 {
			form["maxAge"] = seconds(r.MaxAge)
		}
	}
	if r := s.Retention; r != nil {
		form["payloadDays"], form["attemptDays"], form["auditDays"] = number(r.PayloadDays), number(r.AttemptDays), number(r.AuditDays)
	}
	if e := s.Egress; e != nil {
		form["only"], form["deny"] = strings.Join(e.Only, "\n"), strings.Join(e.Deny, "\n")
		var ports []string
		for _, port := range e.Ports {
			ports = append(ports, strconv.Itoa(int(port)))
		}
		form["ports"] = strings.Join(ports, " ")
	}
	return form
}

func (p *page) updateSettings() error {
	form := map[string]string{}
	for _, name := range []string{
		"name", "profile", "validation", "ratePerSecond", "concurrency", "deactivateAfterSeconds",
		"payloadDays", "attemptDays", "auditDays", "only", "deny", "ports", "updatedAt",
		"retry", "maxAttempts", "initialDelay", "backoffMultiplier", "maxDelay", "maxAge",
	} {
		form[name] = strings.TrimSpace(p.r.PostFormValue(name))
	}
	change, err := p.settingsChange(form)
	if err == nil {
		_, err = p.client.UpdateStore(p.Context(), p.store.ID, change)
	}
	if isRefused(err) {
		pr := p.problem(err)
		return p.renderWith(pr.Status, "settings", settingsPage{page: p, Form: form, Problem: pr})
	}
	if err != nil {
		return err
	}
	return p.redirect(p.To("settings"), "settings.done.saved")
}

// settingsChange is what the form changes. It writes all that it has, so one that was
// opened before somebody else's change is refused, or it would take that back.
func (p *page) settingsChange(form map[string]string) (change billhook.StoreChange, err error) {
	if at := form["updatedAt"]; at != "" && at != p.store.UpdatedAt.UTC().Format(time.RFC3339Nano) {
		return change, p.refuse(billhook.CodeConflict, "", "problem.changedMeanwhile")
	}
	n := numbers{form: form}
	name, of, validation := form["name"], form["profile"], form["validation"]
	limits := billhook.Limits{RatePerSecond: n.real("ratePerSecond", "/limits/ratePerSecond"), Concurrency: n.whole("concurrency", "/limits/concurrency")}
	retention := &billhook.Retention{
		PayloadDays: n.whole("payloadDays", "/retention/payloadDays"),
		AttemptDays: n.whole("attemptDays", "/retention/attemptDays"),
		AuditDays:   n.whole("auditDays", "/retention/auditDays"),
	}
	if *retention == (billhook.Retention{}) {
		retention = nil
	}
	var deactivate *int64
	if form["deactivateAfterSeconds"] != "" {
		seconds := int64(n.whole("deactivateAfterSeconds", "/deactivateAfterSeconds"))
		deactivate = &seconds
	}
	change = billhook.StoreChange{
		Name: &name, Profile: &of, Validation: &validation, Limits: &limits, Retention: &retention, DeactivateAfterSeconds: &deactivate,
	}
	if was := settingsForm(&p.store); form["retry"] != retryKept && !sameRetries(form, was) {
		policy, err := p.retries(form, &n)
		if err != nil {
			return change, err
		}
		change.RetryPolicy = &policy
	}
	if validation == cmp.Or(p.store.Validation, billhook.ValidationOff) {
		change.Validation = nil // what is the default by itself is not chosen by saving the rest
	}
	if p.ForAllStores() { // a limit that who is limited could lift would be none
		egress := &billhook.StoreEgress{Only: entries(form["only"]), Deny: entries(form["deny"])}
		for _, port := range entries(form["ports"]) {
			number, err := strconv.ParseUint(port, 10, 16)
			if err != nil {
				return change, &billhook.Error{Code: billhook.CodeInvalid, Pointer: "/egress/ports", Message: "has what is no port from 1 to 65535"}
			}
			egress.Ports = append(egress.Ports, uint16(number))
		}
		if egress.Only == nil && egress.Deny == nil && egress.Ports == nil {
			egress = nil
		}
		change.Egress = &egress
	}
	return change, n.err
}

// retryFields are those of a policy of the store's own.
var retryFields = []string{"maxAttempts", "initialDelay", "backoffMultiplier", "maxDelay", "maxAge"}

// sameRetries reports whether two forms ask for the same policy. What fields hold that
// are not chosen counts for nothing.
func sameRetries(form, was map[string]string) bool {
	same := form["retry"] == was["retry"]
	for _, name := range retryFields {
		same = same && (form["retry"] != retryOwn || form[name] == was[name])
	}
	return same
}

// retries is the policy that the form asks for; nil for the profile's. What it has no
// field for stays as it is.
func (p *page) retries(form map[string]string, n *numbers) (*profile.RetryPolicy, error) {
	if form["retry"] != retryOwn {
		return (&webhookForm{Retry: form["retry"]}).policy()
	}
	var own profile.RetryPolicy
	if holds := p.policyOf(&billhook.Webhook{}); holds != nil {
		own = holds.Clone()
	}
	seconds := func(name string) time.Duration {
		return time.Duration(n.real(name, "/retryPolicy/"+name) * float64(time.Second))
	}
	own.Delays, own.MaxAttempts, own.BackoffMultiplier = nil, n.whole("maxAttempts", "/retryPolicy/maxAttempts"), n.real("backoffMultiplier", "/retryPolicy/backoffMultiplier")
	own.InitialDelay, own.MaxDelay, own.MaxAge = seconds("initialDelay"), seconds("maxDelay"), seconds("maxAge")
	return &own, n.err
}

// entries are the words of a field; nil for none, which is not an empty list.
func entries(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(words) == 0 {
		return nil
	}
	return words
}

// numbers reads the numbers of a form; err is the first that is none. "" is 0.
type numbers struct {
	form map[string]string
	err  error
}

func (n *numbers) whole(name, pointer string) int {
	if n.form[name] == "" {
		return 0
	}
	number, err := strconv.Atoi(n.form[name])
	if err != nil {
		n.refuse(pointer, "is not a whole number")
	}
	return number
}

func (n *numbers) real(name, pointer string) float64 {
	if n.form[name] == "" {
		return 0
	}
	number, err := strconv.ParseFloat(n.form[name], 64)
	if err != nil {
		n.refuse(pointer, "is not a number")
	}
	return number
}

func (n *numbers) refuse(pointer, message string) {
	if n.err == nil {
		n.err = &billhook.Error{Code: billhook.CodeInvalid, Pointer: pointer, Message: message}
	}
}
