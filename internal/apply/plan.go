package apply

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/billhook/billhook/client"
)

var groupName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// NewPlan compares what is declared with what there is. It changes nothing.
func NewPlan(ctx context.Context, declared []*Declaration, o Options) (*Plan, error) {
	o.Group = cmp.Or(o.Group, "default")
	if !groupName.MatchString(o.Group) {
		return nil, fmt.Errorf("the group %q must be of 1 to 32 small letters, digits and hyphens", o.Group)
	}
	p := &planner{options: o}
	for _, d := range declared {
		api, err := o.Connect(d.Store)
		if err != nil {
			return nil, err
		}
		p.api, p.store, p.missing = api, d.Store, false
		if err := p.plan(ctx, d); err != nil {
			return nil, err
		}
	}
	return &Plan{append(p.steps, p.last...)}, nil
}

// A planner collects steps.
type planner struct {
	options Options
	steps   []*Step
	last    []*Step // what is deleted
	api     API
	store   string
	// missing: the store is not there yet, and nothing of it.
	missing bool
}

func (p *planner) plan(ctx context.Context, d *Declaration) error {
	if d.store != nil {
		if err := p.planStore(ctx, d.store); err != nil {
			return err
		}
	}
	if len(d.eventTypes) > 0 {
		if err := p.planEventTypes(ctx, d.eventTypes); err != nil {
			return err
		}
	}
	return p.planWebhooks(ctx, d.webhooks)
}

// read reads what is there, with numbers as they are written.
func read(ctx context.Context, api API, path string, out any) error {
	var answer json.RawMessage
	if err := api.Do(ctx, http.MethodGet, path, nil, &answer); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	return d.Decode(out)
}

func (p *planner) step(object, id, name string, declared *value) *Step {
	s := &Step{Action: Same, Store: p.store, Object: object, ID: id, Name: name, declared: declared, api: p.api}
	if declared != nil {
		s.At = declared.at.String()
	}
	p.steps = append(p.steps, s)
	return s
}

func (s *Step) send(method, path string, body any) {
	s.requests = append(s.requests, request{method, path, body})
}

// differing has the members of what is declared that differ, but for some, and notes
// the changes.
func (s *Step) differing(of shape, is current, but ...string) *value {
	change := &value{kind: object}
	for _, m := range s.declared.members {
		name := m.name
		if name == "active" {
			name = "isActive"
		}
		if slices.Contains(but, name) {
			continue
		}
		if found := compareMember(name, of.members[name], m.value, is[name]); len(found) > 0 {
			s.Changes = append(s.Changes, found...)
			// A change has no null for what is either so or not.
			v := m.value
			if absent := forms[name].absent; v.kind == null && (absent == "true" || absent == "false") {
				v = &value{kind: boolean, yes: absent == "true"}
			}
			change.members = append(change.members, member{m.at, name, v})
		}
	}
	if len(s.Changes) > 0 {
		s.Action = Update
	}
	return change
}

func (p *planner) planStore(ctx context.Context, declared *value) error {
	s := p.step("store", p.store, declared.shownOf("name"), declared)
	path := "/api/stores/" + url.PathEscape(p.store)
	is := current{}
	err := read(ctx, p.api, path, &is)
	switch {
	case statusOf(err) == http.StatusNotFound:
		p.missing = true
		s.Action = Create
		s.send(http.MethodPost, "/api/stores", declared)
	case err != nil:
		return s.problem(err)
	default:
		if change := s.differing(storeShape, is, "id"); len(change.members) > 0 {
			s.send(http.MethodPatch, path, change)
		}
	}
	return nil
}

func (p *planner) planEventTypes(ctx context.Context, declared []*value) error {
	there := map[string]current{}
	if !p.missing {
		found, err := all(ctx, p.api, "/api/event-types")
		if err != nil {
			return fmt.Errorf("list the event types of the store %s: %w", p.store, err)
		}
		for _, t := range found {
			there[t.text("name")] = t
		}
	}
	for _, t := range declared {
		name := t.textOf("name")
		s := p.step("eventType", name, name, t)
		is, ok := there[name]
		if !ok {
			s.Action = Create
			s.send(http.MethodPost, "/api/event-types", t)
			continue
		}
		change := s.differing(eventTypeShape, is, "name", "force")
		if len(change.members) == 0 {
			continue
		}
		if force := t.get("force"); force != nil {
			change.members = append(change.members, member{force.at, "force", force})
		}
		s.send(http.MethodPatch, "/api/event-types/"+url.PathEscape(name), change)
	}
	return nil
}

func (p *planner) planWebhooks(ctx context.Context, declared []*value) error {
	var there []current
	if !p.missing {
		var err error
		if there, err = all(ctx, p.api, "/api/webhooks"); err != nil {
			return fmt.Errorf("list the webhooks of the store %s: %w", p.store, err)
		}
	}
	matches, err := matchWebhooks(p.options.Group, declared, there)
	if err != nil {
		return err
	}
	kept, used := map[string]bool{}, map[string]bool{}
	for _, w := range there {
		used[w.text("id")] = true
	}
	for _, m := range matches {
		if m.current == nil {
			p.planNew(m.declared, used)
			continue
		}
		kept[m.current.text("id")] = true
		if err := p.planWebhook(ctx, m); err != nil {
			return err
		}
	}
	for _, w := range there {
		id := w.text("id")
		made := p.options.Prune && strings.HasPrefix(id, madePrefix(p.options.Group))
		if !kept[id] && (made || p.options.PruneAll) {
			s := &Step{Action: Delete, Store: p.store, Object: "webhook", ID: id, Name: w.text("name"), api: p.api}
			s.send(http.MethodDelete, webhookPath(id), nil)
			p.last = append(p.last, s)
		}
	}
	return nil
}

func webhookPath(id string) string { return "/api/webhooks/" + url.PathEscape(id) }

// planNew has a webhook made. Its id says that apply has made it, but where the file
// gives one.
func (p *planner) planNew(declared *value, used map[string]bool) {
	body := declared
	id := declared.textOf("id")
	if id == "" {
		id = newID(p.options.Group, p.store, declared, func(id string) bool { return used[id] })
		body = declared.without("id")
		body.members = append(body.members, member{declared.at, "id", &value{kind: text, text: id}})
	}
	used[id] = true
	s := p.step("webhook", id, declared.shownOf("name"), declared)
	s.Action = Create
	s.send(http.MethodPost, "/api/webhooks", body)
}

func (p *planner) planWebhook(ctx context.Context, m match) error {
	id := m.current.text("id")
	s := p.step("webhook", id, cmp.Or(m.declared.shownOf("name"), m.current.text("name")), m.declared)
	s.MatchedBy = m.by
	is := maps.Clone(m.current)
	is["ed25519"] = is["publicKey"] != nil
	headers, secret := m.declared.get("headers"), m.declared.get("secret")
	if secret != nil && secret.kind == null {
		secret = nil // any will do
	}
	shown, _ := is["headers"].(map[string]any)
	compared, err := p.compare(ctx, id, secret, headers, shown)
	if err != nil {
		return s.problem(err)
	}
	// Values are not shown: one that is as declared is put in the place of its mask.
	known := map[string]any{}
	for name := range shown {
		known[name] = maskedValue
		if compared.Headers[name] {
			known[name] = headers.textOf(name)
		}
	}
	is["headers"] = known
	if change := s.differing(webhookShape, is, "id", "secret"); len(change.members) > 0 {
		s.send(http.MethodPatch, webhookPath(id), change)
	}
	if secret != nil && (compared.Secret == nil || !*compared.Secret) {
		s.Action = Update
		s.Changes = append(s.Changes, Change{"secret", notShown, notShown})
		rotation := map[string]any{"secret": secret.text}
		if p.options.GraceSeconds != nil {
			rotation["gracePeriodSeconds"] = *p.options.GraceSeconds
		}
		s.send(http.MethodPost, webhookPath(id)+"/rotate-secret", rotation)
	}
	return nil
}

// maskedValue is what the API shows of a header's value.
const maskedValue = "***"

// compare asks whether a webhook has the secret and the headers that are declared.
// Nothing is revealed for it.
func (p *planner) compare(ctx context.Context, id string, secret, headers *value, shown map[string]any) (compared client.ComparedSecrets, err error) {
	with := client.SecretsToCompare{Headers: map[string]string{}}
	if secret != nil {
		with.Secret = secret.text
	}
	if headers != nil {
		for _, m := range headers.members {
			if _, ok := shown[m.name]; ok {
				with.Headers[m.name] = m.value.text
			}
		}
	}
	if secret == nil && len(with.Headers) == 0 {
		return compared, nil
	}
	return compared, p.api.Do(ctx, http.MethodPost, webhookPath(id)+"/compare-secret", with, &compared)
}
