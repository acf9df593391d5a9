// Package typescript holds the tests of clients/typescript, the npm package: it installs
// what their lock file names, runs npm test there, which builds the package and the
// command and starts servers of its own, and holds the package's verification against
// package receive's.
//
// It must know nothing of how Billhook sends. The tests themselves are in
// clients/typescript/test; to run one file there: npm test -- express
package typescript
