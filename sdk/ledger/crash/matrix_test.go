//go:build unix

package crash_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// killed says which processes are killed.
type killed string

const (
	pluginKilled killed = "plugin"
	hostKilled   killed = "host"
	bothKilled   killed = "both"
)

// followUp says who asks for the same picture after the accident.
type followUp string

const (
	atOnce       followUp = "at once"
	afterRestart followUp = "after restart"
	fromSecond   followUp = "second process"
	fifty        followUp = "50 concurrent"
)

var followUps = []followUp{atOnce, afterRestart, fromSecond, fifty}

// TestNoKillBillsAPictureTwice kills plugin, host or both at each point of a call, and asks again in each
// way. What is to come of each is known beforehand:
//
//   - Where the plugin lives, it ends the call: what was not sent is taken back, what is paid is waited for
//     and recorded. So there is a result in the end, whatever became of the host.
//   - Where the plugin dies, a call is unclear from its durable intent up to its durable outcome, and is
//     never sent again.
func TestNoKillBillsAPictureTwice(t *testing.T) {
	start(t)
	rounds := 1
	if soak() {
		rounds = 14
	}
	for name, at := range places() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLane(t, at)
			for round := range rounds {
				for _, who := range []killed{pluginKilled, hostKilled, bothKilled} {
					for _, p := range points {
						for _, then := range followUps {
							l.accident(fmt.Sprintf("%d %s killed at %s, then %s", round, who, p, then), who, p, then)
						}
					}
				}
			}
			t.Log(l.counts)
			if most := l.vendor.doubles(); most != 0 {
				t.Errorf("%d pictures were billed more than once", most)
			}
		})
	}
}

func places() map[string]place {
	return map[string]place{"sqlite": inSQLite, "postgres": inPostgres}
}

func (l *lane) accident(name string, who killed, p point, then followUp) {
	l.t.Helper()
	a := l.first()
	callID := l.callID()
	var at *trap
	switch p {
	case midUpload:
		at = l.vendor.wire.arm(300)
		defer l.vendor.wire.disarm()
	case sent:
		at = l.vendor.engine.arm(name)
	default:
		at = l.traps.arm(p, callID)
	}
	first := a.send(name, callID, 1)
	l.await(name, at.hit)
	word := "go"
	if who != hostKilled {
		kill9(a.plugin)
		l.counts.kills++
		word = "drop"
	}
	if who != pluginKilled {
		a.kill()
		l.counts.kills++
	}
	if p == midUpload {
		l.vendor.wire.disarm()
	}
	at.release(word)
	l.again(name, a, who == pluginKilled, then)
	if r := l.get(first); r.class() == shared.ClassUnclear && who == hostKilled {
		l.t.Errorf("%s: the first caller got %v", name, r)
	}
	l.gone(a.plugin)
	r := l.verdict(name)
	l.holds(name, name, r)
	unclear := who != hostKilled && p != beforeBegin && p != afterSettle
	if unclear != (r.class() == shared.ClassUnclear) {
		l.t.Errorf("%s: in the end %v", name, r)
	}
	a.end()
}

// again asks for the picture once more.
func (l *lane) again(name string, a *hostProcess, alive bool, then followUp) {
	l.t.Helper()
	var replies []<-chan reply
	switch then {
	case atOnce:
		if !alive {
			a = l.other
		}
		replies = append(replies, a.send(name, l.callID(), 2))
	case afterRestart:
		if !alive {
			l.gone(a.plugin)
			b := l.first()
			defer b.end()
			a = b
		}
		replies = append(replies, a.send(name, l.callID(), 2))
	case fromSecond:
		replies = append(replies, l.other.send(name, l.callID(), 2))
	case fifty:
		for i := range 50 {
			h := l.other
			if alive && i%2 == 0 {
				h = a
			}
			replies = append(replies, h.send(name, l.callID(), 2))
		}
	}
	for _, c := range replies {
		if r := l.get(c); r.died || r.class() == shared.ClassInternal || r.class() == shared.ClassInput {
			l.t.Errorf("%s: asked again: %v", name, r)
		}
	}
}

// TestNoFaultOfTheVendorBillsAPictureTwice has the vendor drop and dawdle, without a kill.
func TestNoFaultOfTheVendorBillsAPictureTwice(t *testing.T) {
	start(t)
	for name, at := range places() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLane(t, at, "answer_timeout", "300ms")
			for fault, f := range map[string]sandbox.Fault{
				"drops before reading": {Drop: sandbox.DropBeforeReading}, "drops in the middle": {Drop: sandbox.DropMidBody},
				"drops after billing": {Drop: sandbox.DropAfterBilling}, "takes too long": {DelayMS: 600},
			} {
				a := l.first()
				for _, then := range followUps {
					name := fault + ", then " + string(then)
					if err := l.vendor.SetFaults(f); err != nil {
						t.Fatal(err)
					}
					first := l.get(a.send(name, l.callID(), 1))
					billed := l.vendor.billed(name)
					// A body that provably did not arrive whole may be sent again, and is then a result.
					paid := fault == "drops after billing" || fault == "takes too long"
					if paid && (billed != 1 || first.class() != shared.ClassUnclear) || !paid && (billed == 1) != (first.class() == "") {
						t.Errorf("%s: billed %d times, and the caller got %v", name, billed, first)
					}
					l.again(name, a, true, then)
					l.holds(name, name, l.verdict(name))
				}
				a.end()
			}
			t.Log(l.counts)
			if n := l.vendor.doubles(); n != 0 {
				t.Errorf("%d pictures were billed more than once", n)
			}
		})
	}
}

// TestAnswerIsKeptWhileTheStoreIsOutOfReach makes the store fail between the answer and its record.
func TestAnswerIsKeptWhileTheStoreIsOutOfReach(t *testing.T) {
	start(t)
	for name, at := range places() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLane(t, at)
			for _, then := range followUps {
				for _, dies := range []bool{false, true} {
					name := fmt.Sprintf("store out of reach, plugin dies %v, then %s", dies, then)
					a := l.first()
					callID := l.callID()
					l.traps.fail(beforeSettle, callID, true)
					if r := l.get(a.send(name, callID, 1)); r.class() != "" || !r.Unrecorded {
						t.Errorf("%s: the answer that was read is told as %v, unrecorded %v", name, r, r.Unrecorded)
					}
					if dies {
						kill9(a.plugin)
						l.counts.kills++
					} else if r := l.get(a.send(name, l.callID(), 2)); r.class() != "" {
						t.Errorf("%s: meanwhile its own process says %v", name, r)
					}
					// Others wait for the owner, who lives, until the store is back.
					back := time.AfterFunc(300*time.Millisecond, func() { l.traps.fail(beforeSettle, callID, false) })
					l.again(name, a, true, then)
					r := l.verdict(name)
					l.holds(name, name, r)
					if dies != (r.class() == shared.ClassUnclear) {
						t.Errorf("%s: in the end %v", name, r)
					}
					back.Stop()
					a.end()
				}
			}
			t.Log(l.counts)
		})
	}
}
