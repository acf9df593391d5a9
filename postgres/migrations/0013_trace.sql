-- understood from 6
-- Where in a trace an event was emitted: a traceparent and, after a space, a tracestate
-- (W3C Trace Context). NULL for none, and once data has gone.
ALTER TABLE billhook.events ADD COLUMN trace_context TEXT COLLATE "C";
