package dashboard

import "time"

// duration writes how long something took, as exactly as people want to know it: 4 ms,
// 1.2 s, 3 min, 5 h, 2 d.
func (w words) duration(lang string, d time.Duration) string {
	switch {
	case d < time.Second:
		return w.text(lang, "duration.ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second:
		return w.text(lang, "duration.s", float64(d.Round(100*time.Millisecond).Milliseconds())/1000)
	case d < 2*time.Minute:
		return w.text(lang, "duration.s", int(d.Round(time.Second)/time.Second))
	case d < 2*time.Hour:
		return w.text(lang, "duration.min", int(d.Round(time.Minute)/time.Minute))
	case d < 48*time.Hour:
		return w.text(lang, "duration.h", int(d.Round(time.Hour)/time.Hour))
	}
	return w.text(lang, "duration.d", int(d.Round(24*time.Hour)/(24*time.Hour)))
}
