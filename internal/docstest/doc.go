// Package docstest runs the documentation: every command and code block of the README,
// of docs/ and of the examples' READMEs, page by page, as a reader would, against the
// billhook command of this code. It also follows every link between pages.
//
// What a block's language has done with it:
//
//	sh         run, in one shell a page, in order, in a folder of the page's own ("go
//	           run ./cmd/billhook" and its like build what is here). What keeps running (serve,
//	           listen, a receiver) is waited for until it is ready, and runs on.
//	js, ts     run by Node. With a name in its first line ("// receiver.mjs") it is a file
//	           that a later command must use. What imports the package of
//	           clients/typescript is run by that package's own test, which must name the
//	           page.
//	go         a whole program is built and run; anything else must be, line by line, part
//	           of an Example test or of an example program of this module, so that the
//	           compiler and the tests hold it.
//	sql        run on a PostgreSQL of the page's own.
//	http       a request to the page's server, and after the arrow the status and parts of
//	           the answer.
//	json, yaml parsed; with a name in the first line ("# webhooks.yaml"), a file.
//	python, php, ruby
//	           parsed by their own runtimes: a part of a framework's route runs nowhere by
//	           itself. The files that such pages hand out have tests of their own.
//	answer     what the command before it has printed, or what still runs says by then; an
//	           ellipsis stands for anything. A command that only asks is asked again until
//	           it answers so.
//	text       nothing: it is not run.
//
// Any other language, or none, fails. A page gets a `billhook serve --dev` unless it starts
// one; on a comment <!-- stop --> what runs is interrupted, as by Ctrl-C.
//
// It holds tests alone, and knows of Billhook what a reader knows: the command, its API and
// the pages.
package docstest
