package wapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// answered is the verdict on an attempt with an answer: data is what arrived of it, readErr why that
// is not all.
func (a *attempt) answered(resp *http.Response, data []byte, readErr error) verdict {
	if p := a.call.probe; p != nil {
		p.skew, p.skewKnown = skew(resp.Header, a.client.cfg.Now(), a.trusted())
	}
	v := a.read(resp, data, readErr)
	if v.outcome == shared.OutcomeAmbiguous {
		// A server may answer before it has read everything.
		if incomplete, ok := a.incomplete(v.cause); ok {
			return incomplete
		}
	}
	return v
}

// read is the verdict on what arrived, taken by itself.
func (a *attempt) read(resp *http.Response, data []byte, readErr error) verdict {
	env, err := decode(data, resp.Header.Get("Content-Type"))
	success := resp.StatusCode/100 == 2
	switch {
	case err != nil && showsSuccess(data):
		return fail(shared.CodeAnswerLost, shared.OutcomeBilled, shared.BasisDocumented).
			vendor(Success, "").with(err).says(unreadable(shared.CodeAnswerLost, data))
	case err == nil && (success || env.Code == Success):
		// Code 10000 is billed, so it counts whatever the status says around it. An answer whose
		// connection broke only after its last brace is a whole answer.
		return a.vendorAnswered(env, resp)
	case success && readErr != nil:
		return fail(shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved).with(readErr)
	case success:
		return fail(shared.CodeAnswerUnreadable, shared.OutcomeAmbiguous, shared.BasisProved).
			with(err).says(unreadable(shared.CodeAnswerUnreadable, data))
	}
	v := statusVerdict(resp, a.client.cfg.Now())
	if err == nil {
		v = v.vendor(env.Code, env.Message)
	}
	return v
}

func (v verdict) vendor(code int, text string) verdict {
	v.vendorCode, v.vendorText = strconv.Itoa(code), text
	return v
}

// unreadable is the message for an answer that cannot be read: what it looks like is told by length
// and digest, never by its bytes.
func unreadable(code shared.Code, data []byte) string {
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%s (%d bytes, sha256 %s)", sentence(code), len(data), hex.EncodeToString(sum[:8]))
}

// vendorAnswered is the verdict on an answer in the documented form.
func (a *attempt) vendorAnswered(env *Envelope, resp *http.Response) verdict {
	v := vendorVerdict(env)
	switch {
	case v.resend == resendClock:
		ahead, known := skew(resp.Header, a.client.cfg.Now(), a.trusted())
		if known {
			v.skew = ahead
		}
		if known && ahead.Abs() >= tolerance {
			v.message = fmt.Sprintf("this machine's clock differs from the vendor's by %s, and the vendor allows 10 minutes: set the clock", ahead.Abs())
		}
		if a.call.probe == nil && !a.client.clock.refused(a.at, ahead, known) {
			v.resend = resendNever
		}
	case env.Code == messageCode && a.client.cfg.MessageRule != nil && a.client.cfg.MessageRule(env.Message):
		v.resend = resendMessage
	}
	return v
}

// trusted reports whether nobody on the way can have written the answer's headers.
func (a *attempt) trusted() bool {
	return a.client.base.Scheme == "https" || loopback(a.client.base.Hostname())
}

// statusVerdict is the verdict on an answer with another status than success: a gateway's.
func statusVerdict(resp *http.Response, now time.Time) verdict {
	status := resp.StatusCode
	assumed := func(code shared.Code) verdict { return fail(code, shared.OutcomeRejected, shared.BasisAssumed) }
	switch {
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		v := assumed(shared.CodeUpstreamBusy).again(resendBusy)
		v.retryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
		return v
	case status == http.StatusRequestEntityTooLarge:
		return assumed(shared.CodePictureTooLarge).says("the server says that the picture is too large (HTTP 413): make it smaller")
	case status == http.StatusNotFound:
		return assumed(shared.CodeHTTPRefused).says("the server has nothing at this URL (HTTP 404): check the URL's path")
	case status >= 500 || status < 200: // nor is a protocol that nobody asked for an answer
		return fail(shared.CodeGatewayError, shared.OutcomeAmbiguous, shared.BasisAssumed).
			says(fmt.Sprintf("a gateway failed after it took the request (HTTP %d): see whether it was billed before asking again", status))
	case status/100 == 3:
		return assumed(shared.CodeHTTPRefused).says(fmt.Sprintf("the server redirects (HTTP %d), and a picture is not sent on: check the URL", status))
	}
	return assumed(shared.CodeHTTPRefused).says(fmt.Sprintf("the server refused with HTTP %d: check the URL", status))
}

// retryAfter reads the header of that name: seconds, or a date. Zero: none that can be read.
func retryAfter(h string, now time.Time) time.Duration {
	if s, err := strconv.ParseUint(h, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
