// Package e2e tests the billhook command from outside: as a process that is
// started by its flags, spoken to over HTTP, signalled, killed and starved of
// disk, with receivers that platforms' merchants wrote in Node.
//
// It holds tests alone. It knows the command line, the HTTP API, what the
// platforms' documents promise, and of Billhook's packages only profile, for
// the catalogues and their examples. It must not know the engine, a database,
// or any path that a caller has not: what it finds out it finds out as they do.
//
// Node and curl must be there; without them the tests fail. These environment
// variables shape a run:
//
//	BILLHOOK_E2E_ROUNDS  how often TestKill kills; default 100, with -short 10
//	BILLHOOK_E2E_SEED    the seed of its random moments; default: from the clock
package e2e
