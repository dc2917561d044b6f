package postgres

import (
	"strconv"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

// statements returns every statement that this version runs against the schema, by name. The list of each
// version is kept with the tests, which run it against the newest schema: a rollout has both at once.
func statements() map[string]string {
	all := ledger.Filter{Key: "k", CallID: "c", Subject: "s", Run: "r", From: time.Unix(1, 0), To: time.Unix(2, 0), EndedBefore: time.Unix(3, 0), Unclear: true, Held: true}
	condition, _ := where(all)
	m := map[string]string{
		"adopt": adoptSQL, "version": versionSQL, "wrap": wrapSQL, "wrap_first": wrapFirstSQL, "unwrap": unwrapSQL,
		"call": callSQL, "bind": aliasSQL, "bound": boundSQL, "concern": concernSQL,
		"begin_state": stateSQL, "find": findSQL, "begin_insert": insertSQL, "begin_confirm": confirmSQL, "begin_replace": replaceSQL,
		"budget_run": runSpentSQL, "budget_day": daySpentSQL, "budget_key": keySpentSQL, "budget_raise": raiseSQL,
		"settle": settleSQL, "settle_whole": recordSQL, "settle_confirm": confirmEndSQL,
		"books": booksSQL, "books_doubt": doubtSQL, "books_answered": answeredSQL, "answered": addAnsweredSQL,
		"load": loadSQL, "swap_new": swapNewSQL, "swap_next": swapNextSQL,
		"records": recordsSQL(condition), "decide_find": oneSQL, "decide": decideSQL,
		"forget_find": doomedSQL(condition, false), "forget_tombs": doomedSQL(condition, true), "forget_tombstone": tombstoneSQL, "forget_books": buryBooksSQL, "forget_delete": deleteSQL, "forget_aliases": unaliasSQL,
		"usage":  usageSQL,
		"sealed": limited(sealedSQL, page), "sealed_one": sealedOneSQL, "reseal": resealSQL, "registers": registersSQL, "reseal_register": resealRegisterSQL,
	}
	return m
}

// limited adds a limit to a query.
func limited(sql string, rows int) string { return sql + ` limit ` + strconv.Itoa(rows) }
