package billhook

import (
	"fmt"
	"slices"

	"github.com/billhook/billhook/egress"
)

// A StoreEgress narrows where a store's webhooks may lead. What Config.Egress does
// not open it cannot open. Entries are those of egress.ParseList: prefixes of
// addresses ("10.0.0.0/8"), addresses, hosts and "*.example.com".
type StoreEgress struct {
	// Only lists all that may be dialled: 1 to 200 entries. Default: all.
	Only []string `json:"only,omitempty"`
	// Deny lists what may not be dialled, whatever Only says: at most 200 entries.
	Deny []string `json:"deny,omitempty"`
	// Ports lists the ports that may be dialled: 1 to 100. Default: all.
	Ports []uint16 `json:"ports,omitempty"`
}

const (
	maxEgressEntries = 200
	maxEgressPorts   = 100
	maxEgressEntry   = 255 // the longest name of a host, and "*."
)

// same reports whether two say the same; nil says nothing.
func (e *StoreEgress) same(f *StoreEgress) bool {
	if e == nil || f == nil {
		return e == f
	}
	return slices.Equal(e.Only, f.Only) && slices.Equal(e.Deny, f.Deny) && slices.Equal(e.Ports, f.Ports)
}

// limits are what package egress makes of it; nil for none.
func (e *StoreEgress) limits() (*egress.Limits, error) {
	if e == nil {
		return nil, nil
	}
	// An empty list would be one that closes nothing, and reads like the contrary.
	if e.Only != nil && len(e.Only) == 0 {
		return nil, &Error{Code: CodeInvalid, Pointer: "/egress/only", Message: "is empty", Hint: "leave it out for no such limit; deny 0.0.0.0/0 and ::/0 to close everything"}
	}
	if e.Ports != nil && len(e.Ports) == 0 {
		return nil, &Error{Code: CodeInvalid, Pointer: "/egress/ports", Message: "is empty", Hint: "leave it out for all ports"}
	}
	limits := &egress.Limits{Ports: slices.Clone(e.Ports), By: "the store"}
	var err error
	if limits.Only, err = readEgressList(e.Only, "/egress/only"); err != nil {
		return nil, err
	}
	if limits.Deny, err = readEgressList(e.Deny, "/egress/deny"); err != nil {
		return nil, err
	}
	if len(e.Ports) > maxEgressPorts {
		return nil, invalid("/egress/ports", "has more than %d entries", maxEgressPorts)
	}
	if i := slices.Index(e.Ports, 0); i >= 0 {
		return nil, invalid(fmt.Sprintf("/egress/ports/%d", i), "is not a port from 1 to 65535")
	}
	return limits, nil
}

func readEgressList(entries []string, pointer string) (egress.List, error) {
	if len(entries) > maxEgressEntries {
		return egress.List{}, invalid(pointer, "has more than %d entries", maxEgressEntries)
	}
	for i, entry := range entries {
		if _, err := egress.ParseList(entry); err != nil || len(entry) > maxEgressEntry {
			return egress.List{}, invalid(fmt.Sprintf("%s/%d", pointer, i),
				"%s is not a prefix (10.0.0.0/8), an address, a host (hooks.example.com) or a pattern of hosts (*.example.com)", quote(entry))
		}
	}
	return egress.ParseList(entries...)
}

// limitsInForce are those of a store as it was read from the database. What cannot
// be understood, which nobody has checked then, closes everything.
func (e *StoreEgress) limitsInForce() *egress.Limits {
	limits, err := e.limits()
	if err != nil {
		everything, _ := egress.ParseList("0.0.0.0/0", "::/0")
		return &egress.Limits{Deny: everything, By: "the store"}
	}
	return limits
}

// settleEgress checks the store's limits where they are others than before, and
// keeps none that say nothing.
func (s *Store) settleEgress(before *Store) error {
	if s.Egress != nil && s.Egress.Only == nil && len(s.Egress.Deny) == 0 && s.Egress.Ports == nil {
		s.Egress = nil
	}
	if before != nil && s.Egress.same(before.Egress) {
		return nil
	}
	_, err := s.Egress.limits()
	return err
}
