package egress

import (
	"fmt"
	"net/netip"
)

// Refused is the error for an address that the Policy does not let through.
// Nothing was sent to it.
type Refused struct {
	// Host is the name or address that was asked for.
	Host string
	// Addr is the address that was refused; invalid where the host or the port
	// was refused before there was an address ("", "0x7f.1").
	Addr netip.Addr
	// Class is the class of Addr. A public address may be refused too, for its
	// port or by Policy.Deny.
	Class Class
	// Reason says why, in a merchant's words.
	Reason string
	// Limited: it is Limits that close it, so nothing in a Policy would open it.
	Limited bool
}

// Error explains the refusal to the merchant who wrote the host. Of a name it
// does not tell the address, so that nobody can map the sender's internal names
// by registering them; Addr has it for the operator's log.
func (r *Refused) Error() string {
	host := r.Host
	if host == "" && r.Addr.IsValid() {
		host = r.Addr.String()
	}
	return fmt.Sprintf("%q cannot receive webhooks: %s", host, r.Reason)
}
