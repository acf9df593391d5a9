// Package browser holds the tests of the dashboard in a real browser: they build and
// start the binary, install Chromium and Playwright where they are missing, and run
// each file of tests/ in Node against a server of its own.
//
// It knows what a person sees, and nothing of how it is made: no test here calls Go
// code of Billhook. Its own tests are in Node:
//
//	tests/….test.mjs  what people do, a file for each thing
//	tests/walk.test.mjs every page of lib/pages.mjs: axe and screenshots
//	lib/pages.mjs     the one list of pages, and the world that they show
//	lib/browser.mjs   open a page, sign in; what no page may ever do
//	lib/platform.mjs  a platform of another origin, that shows a portal in its pages
//	lib/receiver.mjs  a receiver that verifies what it gets
//
// To run one file: go test ./internal/browser -run TestBrowser/signin
package browser
