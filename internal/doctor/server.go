package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/billhook/billhook/postgres"
)

// checkServer looks at PostgreSQL. It reports whether it answers.
func (d *Doctor) checkServer(ctx context.Context) bool {
	c, err := d.Inside.Condition(ctx)
	if err != nil {
		d.fail("PostgreSQL", "look at --database-url, the server and the way to it", "%v", err)
		return false
	}
	d.judgeServer(&c, time.Now())
	d.judgeConnections(&c)
	d.judgeNodes(c.Nodes)
	d.checkGrowth(c.Size)
	return true
}

// judgeServer says what is wrong with how the server is set up.
func (d *Doctor) judgeServer(c *postgres.Condition, now time.Time) {
	const check = "PostgreSQL"
	wrong := false
	bad := func(advice, format string, args ...any) {
		wrong = true
		d.fail(check, advice, format, args...)
	}
	if c.Version/10000 < postgres.Oldest {
		bad("upgrade it", "it is version %d, and %d or later is needed", c.Version/10000, postgres.Oldest)
	}
	if c.Encoding != "UTF8" {
		bad("create the database with ENCODING 'UTF8'", "the database has the encoding %s", c.Encoding)
	}
	if c.ReadOnly {
		bad("name the primary, or add target_session_attrs=read-write to a URL with several hosts", "it takes no writes: a standby, or set to be read only")
	}
	if c.Fsync == "off" {
		bad("set fsync = on and restart it", "fsync is off: what was accepted is lost when the machine fails")
	}
	if c.FullPageWrites == "off" {
		bad("set full_page_writes = on, unless the file system never tears a page", "full_page_writes is off: a power cut may damage tables")
	}
	if !wrong {
		note := ""
		if c.SynchronousCommit == "off" {
			note = "; synchronous_commit is off, which Billhook turns on for itself"
		}
		d.ok(check, "version %d, and what it accepts is on disk; its time zone %s makes no difference%s", c.Version/10000, c.Zone, note)
	}
	d.clocks("PostgreSQL's clock", "PostgreSQL's", max(c.Clock.Sub(now), now.Sub(c.Clock)))
}

// judgeConnections says whether all nodes find a connection.
func (d *Doctor) judgeConnections(c *postgres.Condition) {
	const check = "connections"
	alive := 0
	for _, n := range c.Nodes {
		if !n.Lost {
			alive++
		}
	}
	needed := alive * postgres.MostConnections
	left := c.MaxConnections - c.Connections
	const advice = "raise max_connections, or put fewer nodes on it"
	switch {
	case left < 3:
		d.fail(check, advice, "%d of %d are open: nobody can connect any more", c.Connections, c.MaxConnections)
	case needed > c.MaxConnections:
		d.fail(check, advice, "%d nodes may need %d, and there are %d", alive, needed, c.MaxConnections)
	case needed+postgres.MostConnections > c.MaxConnections:
		d.warn(check, advice, "%d nodes may need %d of %d: there is no room for another node, as in a rolling upgrade", alive, needed, c.MaxConnections)
	default:
		d.ok(check, "%d of %d are open; %d nodes may need %d", c.Connections, c.MaxConnections, alive, needed)
	}
}

// judgeNodes tells of nodes that are not heard of.
func (d *Doctor) judgeNodes(nodes []postgres.NodeCondition) {
	const check = "nodes"
	alive, quiet := 0, []string{}
	for _, n := range nodes {
		switch {
		case n.Lost:
			quiet = append(quiet, fmt.Sprintf("%s (for %s; others take over)", n.Name, ago(n.Silent)))
		case n.Silent > n.Lease:
			quiet = append(quiet, fmt.Sprintf("%s (for %s)", n.Name, ago(n.Silent)))
		default:
			alive++
		}
	}
	switch {
	case alive == 0:
		d.fail(check, "start one: nothing is delivered meanwhile", "none is alive; %d went silent: %s", len(quiet), some(quiet))
	case len(quiet) > 0:
		d.warn(check, "look at its machine and log; the others deliver what it had", "%d are alive, and %d went silent: %s", alive, len(quiet), some(quiet))
	default:
		d.ok(check, "all %d are alive", alive)
	}
}
