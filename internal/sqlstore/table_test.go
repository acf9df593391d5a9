package sqlstore_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/billhook/billhook/internal/sqlstore"
)

// connect is a connection of an application's.
func connect(t *testing.T, p place) *sql.DB {
	t.Helper()
	driver := map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[p.name]
	db, err := sql.Open(driver, p.at)
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// TestEverythingIsMoved compares what a copy moves with what the schemas have: a
// table or a column that a migration adds must be copied, or be named here.
func TestEverythingIsMoved(t *testing.T) {
	for _, test := range []struct {
		place   place
		columns string // answers table.column of all tables
		not     []string
	}{
		{filePlace(t), `SELECT substr(t.name, 10) || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
				WHERE t.type = 'table' AND t.name LIKE 'billhook\_%' ESCAPE '\'`,
			[]string{
				"events.seq",                                 // no more than the order on disk
				"pending.listed",                             // whether the file's indexes have it
				"probe.", "migrations.", "sequence.", "stat", // the file's own
			}},
		{serverPlace(t), `SELECT table_name || '.' || column_name FROM information_schema.columns
				WHERE table_schema = 'billhook' AND table_name IN (SELECT relname FROM pg_class WHERE NOT relispartition)`,
			[]string{
				"nodes.", "changes.", "migrations.", // the server's own
				"outbox.", // must be empty
			}},
	} {
		t.Run(test.place.name, func(t *testing.T) {
			use(t, test.place).Close()
			rows, err := connect(t, test.place).Query(test.columns)
			check(t, err)
			defer rows.Close()
			var there []string
			for rows.Next() {
				var name string
				check(t, rows.Scan(&name))
				if !slices.ContainsFunc(test.not, func(not string) bool {
					return name == not || strings.HasSuffix(not, ".") && strings.HasPrefix(name, not)
				}) {
					there = append(there, name)
				}
			}
			check(t, rows.Err())
			moved := sqlstore.MovedColumns()
			if test.place.name == "sqlite" {
				delete(moved, "event_keys")
			}
			var copied []string
			for _, table := range slices.Sorted(maps.Keys(moved)) {
				for _, column := range moved[table] {
					copied = append(copied, table+"."+column)
				}
			}
			slices.Sort(there)
			slices.Sort(copied)
			equal(t, "columns", copied, there)
		})
	}
}

// TestCopyWalksIndexes: sorting a table would take as much memory as it has rows,
// or as much of the server's disk.
func TestCopyWalksIndexes(t *testing.T) {
	file := filePlace(t)
	use(t, file).Close()
	db := connect(t, file)
	for table, reads := range sqlstore.MovedReads() {
		if table == "event_keys" {
			continue
		}
		for i, text := range reads {
			plan := sqlstore.Explain(t, db, strings.ReplaceAll(text, "billhook.", "billhook_"))
			if strings.Contains(plan, "TEMP B-TREE") || i == 1 && !strings.Contains(plan, "SEARCH") {
				t.Errorf("%s:\n%s", text, plan)
			}
		}
	}
	server := serverPlace(t)
	fill(t, server, lives)
	side, err := server.from()
	check(t, err)
	defer side.Close()
	for _, reads := range sqlstore.MovedReads() {
		for _, text := range reads {
			text = strings.ReplaceAll(text, "?", "'0'")
			rows, err := side.Conn.Query(t.Context(), "EXPLAIN "+text)
			check(t, err)
			var plan strings.Builder
			for rows.Next() {
				var line string
				check(t, rows.Scan(&line))
				plan.WriteString(line + "\n")
			}
			check(t, rows.Close())
			if strings.Contains(plan.String(), "Sort  ") {
				t.Errorf("%s:\n%s", text, plan.String())
			}
		}
	}
}
