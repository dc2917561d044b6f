package layers

import "github.com/seed-6b91b535/idrec/shared"

// assemble puts the layers around the provider, innermost first:
//
//   - guard: what a provider returns is made to keep the contract, and a panic becomes an error, so
//     that nothing above has to mistrust it.
//   - credential: a credential that the vendor refuses gives way to the next one. Inside of pause, which
//     stops the sending only when there is none left.
//   - watch, the inner half of pause: what an answer tells of the account is known before the call
//     gives up its place in the gate.
//   - gate: concurrency, then the rate token for each attempt. Near the provider, so that nobody holds
//     a place or takes a token who does not send.
//   - pause: an account that is paused or an upstream that is unstable is not asked. Around the gate,
//     so that those who wait there are answered too.
//   - prepare: the picture is made fit before a place and a token are taken, and before money is spent.
//   - record, the inner half of recall: the intent before the first byte, the settlement after the
//     answer. Inside of share, so that it is done once for all callers and outlives them.
//   - share: identical calls in flight become one.
//   - recall: the ledger is asked by key. Outside of share, since each caller has its own key to be
//     bound, and its own permission to pay again.
//   - source: a path is read, an address fetched, the picture digested and named. Before recall, whose
//     key is made of the picture's bytes.
//   - verify: findings are computed and fields chosen at every return, wherever the answer comes from.
//
// A provider that costs nothing has no recall: there is no money to save, and its answers may get
// better.
func (c *chain) assemble() shared.Recognizer {
	var r shared.Recognizer = &credentialLayer{layer{c.credentials[0]}, c}
	r = &watchLayer{layer{r}, c.pause}
	r = &gateLayer{layer{r}, c.gate}
	r = &pauseLayer{layer{r}, c.pause}
	if c.settings.prepare {
		r = &prepareLayer{layer{r}, c.stack.preparer, c.description.Limits}
	}
	if c.description.Paid {
		r = &recordLayer{layer{r}, c}
	}
	r = &shareLayer{layer{r}, c.stack.sharing, c.book, c.reservation}
	if c.description.Paid {
		r = &recallLayer{layer{r}, c}
	}
	r = &sourceLayer{layer{r}, c}
	return &verifyLayer{layer{r}, c.stack.now}
}

// names lists the layers that assemble would put around a provider, outermost first.
func (s settings) names(d *shared.Description) []shared.Layer {
	names := []shared.Layer{shared.LayerVerify, shared.LayerSource}
	if d.Paid {
		names = append(names, shared.LayerRecall)
	}
	names = append(names, shared.LayerShare)
	if s.prepare {
		names = append(names, shared.LayerPrepare)
	}
	return append(names, shared.LayerPause, shared.LayerGate)
}
