// Package api is the ledger over HTTP: commands in, figures out, and pages that a
// person reads without a login on the machine itself.
//
// # Routes
//
//	GET  /                          overview            page
//	GET  /find?id=                  to the story of it  page
//	GET  /payment/{id}              one whole story     page
//	GET  /event/{seq}               one raw record      page
//	GET  /style.css                                     page
//	GET  /healthz /readyz /metrics  for operators       probe
//	POST /v1/commands               orders              command
//	POST /v1/claims/{claim}/documents/{kind}            command
//	GET  /v1/claims/{claim}/documents/{kind}            read
//	GET  /v1/…                      figures             read
//
// schema/openapi.yaml describes every one of them and is tested against them.
//
// # Invariants
//
//  1. Who acts comes from the token, never from the body of a request.
//  2. A command is asked for with a bearer token and as application/json, or as the
//     bytes of a document, from no other site; nothing that a browser sends by itself
//     is enough.
//  3. A listener that is not the machine's own loopback answers nothing without a
//     token; one that is answers no host but localhost, 127.0.0.1 and [::1], so that
//     a name pointing there from outside (DNS rebinding) reads nothing.
//  4. A query parameter that a route does not know is refused: a misspelt filter is
//     never an unfiltered answer.
//  5. Every answer with figures names the record, the day and the policy that it is
//     a function of (seq, as_of, policy).
//  6. Nothing personal is in a page, a log line, a metric or an error: parties are
//     identifiers, persons' particulars are sealed, accounts are numbers within a party.
//     A document is handed out to the roles of [document.Readers] alone, as a download,
//     and the log says who had which.
//     What is sealed is taken from elsewhere than this machine only when the vault has
//     a key that opens it.
//  7. Pages run no script and may not be framed.
//  8. An address that presented ten invalid tokens is not listened to for a minute,
//     but for the token of the server file, which nobody else can present.
//
// # Failures
//
// A refusal is a problem (RFC 9457, application/problem+json) with the code, the
// rule, its source and what to do next, in English and Chinese. Status codes are
// listed at [StatusOf]. What failed for no rule's sake is 500 with code "fault" and
// the number of the request, under which the log has the particulars.
//
// A command that is not answered, or with 429, 500, 503 or 507, is repeated as it
// was under its own identifier; it has one effect.
//
// # Design
//
// An array of commands is answered as one object with an answer for each, in their
// order: with 200 when none was refused and with 207 otherwise, since each command
// is decided on its own and one status cannot say what became of a thousand.
//
// Pages are rendered on the server from html/template, with one style sheet and no
// script: they work with a keyboard, a screen reader and on paper, and the content
// security policy can refuse everything else. Over a network they take the token as
// the password of HTTP basic authentication, which suffices for reading alone.
//
// Metrics have a registry of their own. Labels are of closed sets: routes, orders,
// published codes.
package api
