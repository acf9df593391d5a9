// Package packaging has the ways in which Billhook is installed beside a binary: an
// image, a unit for systemd, a chart for Kubernetes. Its tests do what these say, as
// far as one machine can: the image's program runs with nothing but the image's files,
// and the unit is judged by systemd. It must not know how Billhook works.
package packaging
