package dashboard

import (
	"mime"
	"net/url"
	"strings"

	"github.com/billhook/billhook"
)

// A link leads somewhere.
type link struct {
	Text, URL string
	// Current: it leads to where the viewer is.
	Current bool
}

// Root is the address of a page that is about no store: Root "stores".
func (p *page) Root(parts ...string) string {
	var b strings.Builder
	b.WriteString(p.base)
	for _, part := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(part))
	}
	if len(parts) == 0 {
		b.WriteByte('/')
	}
	return b.String()
}

// To is the address of a page of the store: To "webhooks" "wh_1".
func (p *page) To(parts ...string) string {
	return p.Root(append([]string{"stores", p.store.ID}, parts...)...)
}

// Here is the address of this page with members of its query set, or taken away
// where the value is "": Here "cursor" "c1". What was just done is not told again.
func (p *page) Here(pairs ...string) string {
	query := p.r.URL.Query()
	query.Del("done")
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Del(pairs[i])
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	path := p.base + p.r.URL.EscapedPath()
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// withQuery adds a member to the query of a path that we made.
func withQuery(path, name, value string) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + name + "=" + url.QueryEscape(value)
}

// safePath is where a form says to go on, if that is a page of ours, else "/".
// Browsers take \ for /, and drop control characters.
func (p *page) safePath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return p.Root()
	}
	return next
}

// within has the crumbs lead over another page of the store: its name, and the parts
// of its address.
func (p *page) within(text string, parts ...string) {
	p.parents = append(p.parents, link{Text: text, URL: p.To(parts...)})
}

// Crumbs lead from the top to the page, which stands behind them.
func (p *page) Crumbs() []link {
	var all []link
	if p.store.ID != "" && p.ForAllStores() && p.May(billhook.PermissionStoresManage) {
		all = append(all, link{Text: p.t("stores.nav"), URL: p.Root("stores")})
	}
	if p.store.ID != "" && !p.portal {
		all = append(all, link{Text: p.store.Name, URL: p.To()})
	}
	return append(all, p.parents...)
}

// Nav is the navigation: the pages of the store, or those that are about all, that
// the viewer may see.
func (p *page) Nav() []link {
	if !p.Signed() {
		return nil
	}
	var all []link
	for _, rt := range p.routes {
		if rt.nav == "" || rt.permission != "" && !p.May(rt.permission) {
			continue
		}
		switch rt.scope {
		case inStore:
			if p.store.ID == "" {
				continue
			}
		case allStores:
			if p.store.ID != "" || !p.ForAllStores() {
				continue
			}
		}
		l := link{Text: p.t(rt.nav + ".nav"), URL: p.base + strings.Replace(rt.pattern, "{store}", url.PathEscape(p.store.ID), 1)}
		here := p.base + p.r.URL.EscapedPath()
		l.Current = here == l.URL || strings.HasPrefix(here, l.URL+"/")
		all = append(all, l)
	}
	return all
}

// switchable is how many stores the switcher has; the page of all has the others.
const switchable = 20

// Stores are those that the viewer can switch to from here.
func (p *page) Stores() []link {
	if !p.ForAllStores() || p.store.ID == "" {
		return nil
	}
	stores, err := p.client.Stores(p.Context(), "", switchable)
	if err != nil {
		return nil // the page itself does not need it
	}
	var all []link
	for i := range stores {
		all = append(all, link{Text: stores[i].Name, URL: p.Root("stores", stores[i].ID), Current: stores[i].ID == p.store.ID})
	}
	return all
}

// attachment is the header of a file to keep.
func attachment(filename string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": filename})
}

// A pager leads through a list that has more than a page of entries.
type pager struct {
	// First is "" on the first page, and Next on the last.
	First, Next string
}

// pageSize is how many entries of a list a page shows.
const pageSize = 50

// cursor is where the list goes on on this page; "" on the first.
func (p *page) cursor() string { return p.r.URL.Query().Get("cursor") }

// pager leads on to where the list goes on, "" where it is over.
func (p *page) pager(next string) pager {
	var to pager
	if p.cursor() != "" {
		to.First = p.Here("cursor", "")
	}
	if next != "" {
		to.Next = p.Here("cursor", next)
	}
	return to
}

// cut takes what there is beyond a page, of a list that was asked for one more, and
// finds the cursor of the next page: that of the last entry shown.
func cut[T any](list []T, cursorOf func(*T) string) (shown []T, next string) {
	if len(list) <= pageSize {
		return list, ""
	}
	return list[:pageSize], cursorOf(&list[pageSize-1])
}
