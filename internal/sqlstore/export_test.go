package sqlstore

import (
	"database/sql"
	"testing"
)

// Explain is SQLite's plan.
func Explain(t *testing.T, db *sql.DB, text string) string { return explain(t, db, text) }

// MovedColumns are the columns that a copy moves, by table.
func MovedColumns() map[string][]string {
	all := map[string][]string{}
	for _, t := range moved {
		for _, c := range t.columns {
			all[t.name] = append(all[t.name], c.name)
		}
		if t.owned {
			all[t.name] = append(all[t.name], "owner")
		}
	}
	return all
}

// MovedReads are the statements that read what a copy moves, by table: from the
// beginning, and after a row.
func MovedReads() map[string][]string {
	all := map[string][]string{}
	for _, t := range moved {
		all[t.name] = []string{t.after(nil), t.after(make([]any, t.key))}
	}
	return all
}
