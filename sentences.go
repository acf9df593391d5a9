package billhook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/billhook/billhook/egress"
)

// A sentence is one way to say what went wrong with a delivery. What is kept, told and
// shown is its English; its code is how it is known again, and so how it is said in
// another language (ReadReason). To change the words of one makes what was written
// before unknown, and unknown words are shown as they are.
type sentence struct {
	code string
	// text has places for what differs: {text} as it is, {number}, {span} a duration,
	// {time} with or without its day, {day}, and {reason}, another sentence.
	text string
}

// sentences are all of them. Where a text could be two, the first is meant.
var sentences = append([]sentence{
	// Around what the last attempt came to.
	{"noMore", "{reason}, and no more, since the retry policy tries for {span} (maxAge); the last: {reason}"},
	{"last", "{reason}, the last: {reason}"},
	{"failures", "nothing but failures for {span}; the last: {reason}"},
	{"notRetried", "{reason} (not tried again: the retry policy does not do that after a {number})"},
	{"onlyAttempt", "{reason} (it was the only attempt that the retry policy allows)"},
	{"leftAlone", "{reason}; it asks to be left alone until {time}"},
	{"waits", "it waits: its receiver has taken nothing of late, and is tried again at {time}"},
	{"waits.after", "{reason}; it waits: its receiver has taken nothing of late, and is tried again at {time}"},
	{"tried.one", "1 attempt in {span}"},
	{"tried.many", "{number} attempts in {span}"},
	{"tried.oneByHand", "1 attempt since it was retried by hand"},
	{"tried.manyByHand", "{number} attempts since it was retried by hand"},

	// An answer that is no 2xx.
	{"answered.upgrade", "your shop answered 101 and wants to change the protocol; answer with a 2xx"},
	{"answered.gone", "your shop answered 410 Gone, which says that it wants no more deliveries; activate the webhook again when it does"},
	{"answered.busyUntil", "your shop asks for fewer requests (429) until {time}"},
	{"answered.busy", "your shop asks for fewer requests (429)"},
	{"answered.redirectTo", "your shop answered {number} to {text}: redirects are not followed; register the new address"},
	{"answered.redirect", "your shop answered {number}: redirects are not followed; answer with a 2xx"},
	{"answered.hint", "your shop answered {text}: {reason}"},
	{"answered.other", "your shop answered {text}"},
	// What stands behind a status, or what to do about it.
	{"status.400", "it does not understand the delivery; its log should say why"},
	{"status.401", "it does not let the delivery in; check that it has the webhook's secret, and that no login stands before this address"},
	{"status.403", "it does not let the delivery in; check that it has the webhook's secret, and that no firewall or login stands before this address"},
	{"status.404", "nothing takes deliveries at this address; register the right one"},
	{"status.405", "what is at this address takes no POST; register the right one"},
	{"status.408", "it gave up waiting for the request"},
	{"status.413", "the delivery is larger than it takes; raise the limit of your web server"},
	{"status.415", "it takes no application/json"},
	{"status.422", "it does not accept what is in the delivery; its log should say why"},
	{"status.500", "it failed over the delivery; its log should say why"},
	{"status.502", "what stands before your shop gets no proper answer from it"},
	{"status.503", "it is overloaded, or closed for maintenance"},
	{"status.504", "what stands before your shop gets no answer from it in time"},

	// No answer.
	{"proxy", "no connection to your shop through this server's proxy: {reason}"},
	{"resolve.gone", "the host name {text} has no address any more: check its DNS records"},
	{"resolve.timeout", "the name servers of {text} did not answer in time"},
	{"resolve.other", "the address of {text} cannot be found out at the moment"},
	{"connect.timeout", "no connection to {text} in {span}: your shop is down, or a firewall keeps this server out"},
	{"timeout", "no answer in {span}: your shop has to answer first, and to do the work after that"},
	{"timeout.other", "no answer in {span}: {text}"},
	{"connect.port", "nothing listens on port {number} of {text}: your shop is down, or the port is the wrong one"},
	{"connect.route", "there is no route to {text}: its network is down, or its address is wrong"},
	{"connect.other", "no connection to {text}: {text}"},
	{"broken", "your shop broke the connection off before it had answered: {text}"},
	{"protocol", "what your shop answered is not HTTP, or broke off: {text}"},
	{"tls.name", "your shop's certificate is for {reason} and not for {text}: it needs one for this name"},
	{"tls.names", "your shop's certificate is for {text} and not for {text}: it needs one for this name"},
	{"tls.anotherHost", "another host"},
	{"tls.authority", "your shop's certificate is from an authority that is not trusted: it made the certificate itself, or does not send the intermediate ones along"},
	{"tls.unverified", "your shop's certificate does not verify"},
	{"tls.none", "what listens on port {number} of {text} does not speak TLS: register the right port, or an http:// address where that is allowed"},
	{"tls.other", "your shop and this server do not agree on TLS: {text}"},
	{"tls.expiredOrEarly", "your shop's certificate has expired, or is not valid yet"},
	{"tls.early", "your shop's certificate is not valid before {day}"},
	{"tls.expired", "your shop's certificate expired {span} ago, on {day}: renew it"},
	{"notEncrypted", "the URL is not encrypted (http://), and the profile {text} asks for https://"},

	// Not sent.
	{"tooOld", "not sent: it had waited for {span} when its turn came, and the retry policy tries for {span} (maxAge)"},
	{"gone.event", "its event is no longer kept"},
	{"gone.payload", "its payload is no longer kept"},
	{"gone.erased", "its payload was erased on request"},
	{"gone.webhook", "the webhook was deleted"},
	{"gone.store", "the store was deleted"},
	{"inactive", "the webhook is not active any more"},
	{"skipped.heldCount", skippedHeldCount},
	{"skipped.heldAge", skippedHeldAge},
	{"skipped.dropped", skippedDropped},
	{"skipped.superseded", skippedSuperseded + "{text}"},
	{"request.webhook", "the webhook of this delivery was deleted, and its requests cannot be shown any more"},
	{"request.secret", "the webhook's secret cannot be opened, so that nothing can be signed"},
	// What cannot be done now.
	{"conflict.inactive", "the webhook is not active"},
	{"conflict.webhook", "the webhook of this delivery was deleted"},
	{"conflict.secrets", "too many secrets still sign"},
	{"conflict.default", "the store default cannot be deleted"},
	{"conflict.most", "the store has {number} {text}, the most that there may be"},
	{"conflict.recoveries", "{number} recoveries of the store run already, the most that may at a time"},
	{"conflict.ofProfile", "the event type {text} comes with the profile {text}"},
	{"conflict.versions", "the event type has {number} versions, the most that there may be"},
	{"request.payload", "the payload of this delivery is no longer kept"},
}, egressSentences()...)

// egressSentences are the words of package egress for addresses that may not be dialled
// and for proxies; a test reads that package and knows that they are all.
func egressSentences() []sentence {
	all := []sentence{
		{"refused", "{text} cannot receive webhooks: {reason}"},
		{"refused.inside", "{reason}; inside, {reason}"},
		{"refused.denied", "{reason} has blocked the address"},
		{"refused.others", "{reason} lets webhooks go to certain hosts and addresses only"},
		{"by.operator", "the operator of this server"},
		{"by.store", "the store"},
		{"refused.portZero", "port 0 is not a port that can be reached"},
		{"refused.port", "port {number} is not allowed here (allowed: {text})"},
		{"host.none", "the URL names no host"},
		{"host.long", "the name of the host is longer than 253 characters"},
		{"host.dots", "the name of the host has two dots in a row, or begins with one"},
		{"host.ascii", "the name of the host must be written in ASCII (xn--…)"},
		{"host.character", "the name of the host has a character that no host name has"},
		{"host.number", "it looks like an IP address but is not written as one (like 203.0.113.7)"},
		{"proxy.unreachable", "it cannot be reached"},
		{"proxy.slow", "it took too long"},
		{"proxy.broken", "it broke the connection off"},
		{"proxy.noHTTP", "it did not answer as an HTTP proxy does"},
		{"proxy.answered", "it answered {number} {text}"},
		{"proxy.more", "it sent more than its answer"},
		{"proxy.signIn", "it is no SOCKS5 proxy, or wants another way to sign in"},
		{"proxy.password", "it does not accept the user and password"},
		{"proxy.noSOCKS", "it is no SOCKS5 proxy"},
		{"proxy.brokenOrNoSOCKS", "it broke the connection off or is no SOCKS5 proxy"},
		{"proxy.code", "it answered with the code {number}"},
		{"proxy.socks1", "it failed"},
		{"proxy.socks2", "its rules do not allow the connection"},
		{"proxy.socks3", "the receiver's network cannot be reached from there"},
		{"proxy.socks4", "the receiver cannot be reached from there"},
		{"proxy.socks5", "the receiver refused the connection"},
		{"proxy.socks6", "the receiver was too far away"},
		{"proxy.socks7", "it makes no connections"},
		{"proxy.socks8", "it does not know this kind of address"},
	}
	told := map[string]bool{}
	for c := egress.Invalid; c <= egress.Own; c++ {
		if !told[c.Reason()] { // private networks are of several classes
			all = append(all, sentence{"address." + c.String(), c.Reason()})
		}
		told[c.Reason()] = true
	}
	return all
}

func isSaid(code string) bool {
	return slices.ContainsFunc(sentences, func(s sentence) bool { return s.code == code })
}

// say is a sentence with what differs in its places, in their order.
func say(code string, places ...any) string {
	for i := range sentences {
		if sentences[i].code == code {
			return sentences[i].fill(places)
		}
	}
	panic("no sentence has the code " + code) // a test reads every call
}

func (s *sentence) fill(places []any) string {
	var b strings.Builder
	rest := s.text
	for _, place := range places {
		before, after, _ := strings.Cut(rest, "{")
		_, rest, _ = strings.Cut(after, "}")
		b.WriteString(before)
		fmt.Fprint(&b, place)
	}
	b.WriteString(rest)
	return b.String()
}
