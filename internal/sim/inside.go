package sim

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/billhook/billhook"
)

// The engine keeps these to itself. A member of another name fails here at once.

// setWindow makes lanes hold fewer deliveries than they do, so that little is
// enough to see what they do with more.
func setWindow(config *billhook.Config, n int) {
	insideOf(config, "laneWindow").SetInt(int64(n))
}

// setGather has everyone come who has something to write, before it is written.
func setGather(config *billhook.Config, wait func()) {
	insideOf(config, "gather").Set(reflect.ValueOf(wait))
}

// setRandom has jitter come from elsewhere.
func setRandom(config *billhook.Config, random func() float64) {
	insideOf(config, "random").Set(reflect.ValueOf(random))
}

func insideOf(config *billhook.Config, name string) reflect.Value {
	member := reflect.ValueOf(config).Elem().FieldByName(name)
	return reflect.NewAt(member.Type(), unsafe.Pointer(member.UnsafeAddr())).Elem()
}

// inMemory tells what the engine holds of deliveries; "" when that is nothing.
func inMemory(client *billhook.Client) string {
	scheduler := reflect.ValueOf(client).Elem().FieldByName("scheduler").Elem()
	mu := (*sync.Mutex)(unsafe.Pointer(scheduler.FieldByName("mu").UnsafeAddr()))
	mu.Lock()
	defer mu.Unlock()
	memory := scheduler.FieldByName("mem")
	deliveries, bytes := memory.FieldByName("deliveries").Int(), memory.FieldByName("eventBytes").Int()
	inFlight, unrecorded := scheduler.FieldByName("inFlight").Int(), scheduler.FieldByName("unrecorded").Int()
	lanes := scheduler.FieldByName("lanes").Len()
	if deliveries == 0 && bytes == 0 && inFlight == 0 && unrecorded == 0 && lanes == 0 {
		return ""
	}
	return fmt.Sprintf("%d deliveries with %d bytes, %d under way, %d unrecorded, %d lanes", deliveries, bytes, inFlight, unrecorded, lanes)
}
