package billhook

import (
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/billhook/billhook/egress"
	"github.com/billhook/billhook/profile"
)

// A registry holds the configuration in memory: every store with its profile
// and its webhooks. It is filled from the database at the start and kept in
// step by whoever commits a change.
type registry struct {
	mu     sync.RWMutex
	stores map[string]*tenant
	// suspects are the webhooks that may fail.
	suspects suspects
}

// A tenant is a store as the registry holds it.
type tenant struct {
	store   Store
	profile *profile.Profile
	// limits narrow where the webhooks may lead; nil for none.
	limits   *egress.Limits
	webhooks map[string]*endpoint
	// gone has the ids of those that are deleted, to tell them from those that
	// another node has made and this one has not heard of yet.
	gone map[string]bool
	// tenancy is what the webhooks share; it is the same for as long as the process
	// lasts.
	tenancy *tenancy
	// types are what the store has defined; nil for none.
	types catalogue
	// matches remembers which webhooks want a type, if any do, until one changes: of
	// the first maxMatches types, so that strangers' types do not fill memory.
	matches map[string][]*endpoint
	// public remembers the public keys, until a webhook changes.
	public *publicKeys
}

// endpoint makes a webhook of the store's ready for sending.
func (t *tenant) endpoint(w Webhook, concurrency int) (*endpoint, error) {
	e, err := newEndpoint(w, t.profile, concurrency)
	if err != nil {
		return nil, err
	}
	e.follow(nearest(t.profile, t.store.RetryPolicy, w.RetryPolicy))
	return e, nil
}

func newRegistry() *registry { return &registry{stores: map[string]*tenant{}} }

// store finds a store that is not deleted. What it points to must not be changed.
func (r *registry) store(id string) (Store, *profile.Profile, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[id]
	if t == nil || !t.store.DeletedAt.IsZero() {
		return Store{}, nil, noStore(id)
	}
	return t.store, t.profile, nil
}

// emitting is store for who needs to know its event types too.
func (r *registry) emitting(id string) (Store, vocabulary, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[id]
	if t == nil || !t.store.DeletedAt.IsZero() {
		return Store{}, vocabulary{}, noStore(id)
	}
	return t.store, vocabulary{t.profile, t.types}, nil
}

// putEventType takes in a new, changed or deleted event type.
func (r *registry) putEventType(t EventType) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in := r.stores[t.StoreID]; in != nil {
		in.types = in.types.with(t)
	}
}

// eventType finds what a store has defined, also what is deleted.
func (r *registry) eventType(storeID, name string) (EventType, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if in := r.stores[storeID]; in != nil && in.types[name] != nil {
		return in.types[name].EventType, true
	}
	return EventType{}, false
}

func noStore(id string) error {
	return &Error{Code: CodeNotFound, Message: "there is no store " + quote(id), Hint: "create it with POST /api/stores"}
}

// stored finds a store, also one that is deleted.
func (r *registry) stored(id string) (Store, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[id]
	if t == nil {
		return Store{}, false
	}
	return t.store, true
}

// storedIDs names all stores, those that are deleted too, by id.
func (r *registry) storedIDs() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.stores))
}

// storesAfter lists stores by id.
func (r *registry) storesAfter(after string, limit int) []Store {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var found []Store
	for _, id := range slices.Sorted(maps.Keys(r.stores)) {
		if t := r.stores[id]; id > after && t.store.DeletedAt.IsZero() && len(found) < limit {
			found = append(found, t.store.clone())
		}
	}
	return found
}

// putStore takes in a new or changed store. Its webhooks' endpoints are made
// anew, since they follow its profile and its settings.
func (r *registry) putStore(s Store, p *profile.Profile, concurrency int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.stores[s.ID]
	if t == nil {
		t = &tenant{webhooks: map[string]*endpoint{}, gone: map[string]bool{}, tenancy: newTenancy()}
		r.stores[s.ID] = t
	}
	same := t.profile == p && reflect.DeepEqual(t.store.StoreSettings, s.StoreSettings)
	t.store, t.profile, t.limits = s, p, s.Egress.limitsInForce()
	t.changed()
	t.tenancy.settings.Store(&s.StoreSettings)
	if same {
		return nil
	}
	for _, e := range t.webhooks {
		again, err := t.endpoint(e.webhook, concurrency)
		if err != nil {
			return err
		}
		t.put(again)
	}
	return nil
}

// changed forgets what was remembered of the webhooks.
func (t *tenant) changed() {
	t.matches, t.public = map[string][]*endpoint{}, &publicKeys{}
}

// limits are those of a store; nil for none.
func (r *registry) limits(storeID string) *egress.Limits {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if t := r.stores[storeID]; t != nil {
		return t.limits
	}
	return nil
}

// putWebhook takes in a new, changed or deleted webhook.
func (r *registry) putWebhook(w Webhook, concurrency int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.stores[w.StoreID]
	if t == nil {
		return notFound("store", w.StoreID)
	}
	t.changed()
	if !w.DeletedAt.IsZero() {
		delete(t.webhooks, w.ID)
		t.gone[w.ID] = true
		return nil
	}
	e, err := t.endpoint(w, concurrency)
	if err != nil {
		return err
	}
	t.put(e)
	if w.InactiveReason != "" || !w.FailingSince.IsZero() {
		r.suspects.add(Lane{StoreID: w.StoreID, WebhookID: w.ID})
	}
	return nil
}

// put takes in a webhook's endpoint, with what is known of its receiver where that
// is the one from before: a change of anything else clears no one's name.
func (t *tenant) put(e *endpoint) {
	e.tenancy = t.tenancy
	if most := e.webhook.Limits.Concurrency; most > 0 {
		e.concurrency = min(e.concurrency, most)
	}
	if before := t.webhooks[e.webhook.ID]; before != nil {
		if before.webhook.URL == e.webhook.URL {
			e.record = before.record
		}
		if before.webhook.TLS.same(e.webhook.TLS) {
			e.identity = before.identity // and with it the connections
		}
	}
	t.webhooks[e.webhook.ID] = e
}

// endpoint finds a webhook; nil when there is none, or no more.
func (r *registry) endpoint(l Lane) *endpoint {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[l.StoreID]
	if t == nil || !t.store.DeletedAt.IsZero() {
		return nil
	}
	return t.webhooks[l.WebhookID]
}

// deleted reports whether a webhook is known to be deleted, alone or with its
// store.
func (r *registry) deleted(l Lane) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[l.StoreID]
	return t != nil && (!t.store.DeletedAt.IsZero() || t.gone[l.WebhookID])
}

// webhooksAfter lists a store's webhooks by id.
func (r *registry) webhooksAfter(storeID, after string, limit int) []Webhook {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := r.stores[storeID]
	if t == nil {
		return nil
	}
	var found []Webhook
	for _, id := range slices.Sorted(maps.Keys(t.webhooks)) {
		if id > after && len(found) < limit {
			found = append(found, t.webhooks[id].webhook.clone())
		}
	}
	return found
}

// matching are the webhooks of a store that want the event type, also those that
// are not active.
func (r *registry) matching(storeID, eventType string) []*endpoint {
	r.mu.RLock()
	t := r.stores[storeID]
	if t == nil {
		r.mu.RUnlock()
		return nil
	}
	found, ok := t.matches[eventType]
	if ok {
		r.mu.RUnlock()
		return found
	}
	matches := t.matches
	for _, e := range t.webhooks {
		if e.webhook.wants(eventType) {
			found = append(found, e)
		}
	}
	r.mu.RUnlock() // looking took a while, in which other stores emit too
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(matches) < maxMatches {
		matches[eventType] = found
	}
	return found
}

// everyWebhook has the ids of all that a store ever had.
func (r *registry) everyWebhook(storeID string) (ids []string) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if t := r.stores[storeID]; t != nil {
		ids = slices.AppendSeq(slices.Collect(maps.Keys(t.webhooks)), maps.Keys(t.gone))
	}
	slices.Sort(ids)
	return ids
}

// count is how many webhooks a store has.
func (r *registry) count(storeID string) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if t := r.stores[storeID]; t != nil {
		return len(t.webhooks)
	}
	return 0
}

// maxMatches bounds a store's remembered matches, since every type that is ever
// emitted has one.
const maxMatches = 1000
