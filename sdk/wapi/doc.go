// Package wapi is a client of 挖数据 (wapi.cn), a platform of pay-per-call APIs, and of its product
// 身份证信息识别, the reading of resident identity cards.
//
// It has two levels. [Client] is the platform's: a signed call of any path with any parameters gives
// an [Envelope], or an error that says whether the call was billed. [Provider] is the product's: a
// [shared.Recognizer] on top of a Client. Other APIs of the platform, sub-APIs such as 手机号机主姓名核验
// among them, are reached through [Client.Call].
//
// # Money
//
// The platform's page says that answers with code 10000 are billed, and lists the codes that are not.
// From that, and from what the socket tells, follows what may be sent again: the tables are in
// codes.go and retry.go, and the rule is that nothing is resent that may have been billed. A request
// counts as never sent (proved) if its last bytes, the signature, were not handed to the network, or
// if writing them failed. Once they were taken, only an answer tells: a lost one is ambiguous.
//
// From the moment when the last byte is handed over, the caller's context no longer ends the wait: the
// call may be billed by then, and giving up would lose what is paid. Config.AnswerTimeout ends it.
// Before that moment a cancelled context ends the call at once, and provably nothing was sent whole.
//
// # Form
//
// A call is a POST of a form whose last field is the signature, so that a body that is cut anywhere is
// refused by the vendor instead of read. The picture is never held in encoded form: one pass encodes
// it in base64, hashes it for the signature, escapes it and sends it, in blocks of a few KiB, with the
// exact length known beforehand. Every attempt is signed anew with a fresh time, after the wait for
// the rate token, and the bytes sent are compared with those looked at first; a picture that changed
// in between leaves without a signature.
//
// # Hooks
//
// Each attempt calls [shared.BeforeAttempt], and the first one then [shared.BeforeSend], before its
// first byte. Without a hook for the rate in the context, the client enters its own gate.
package wapi
