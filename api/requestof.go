package api

import (
	"net/http"

	"github.com/billhook/billhook"
)

type requestJSON struct {
	Method  string           `json:"method"`
	URL     string           `json:"url"`
	Headers []sentHeaderJSON `json:"headers"`
	// Body and SignatureBase are bytes, which need not be text.
	Body          []byte  `json:"bodyBase64"`
	SignatureBase []byte  `json:"signatureBaseBase64"`
	At            instant `json:"at"`
	Sent          bool    `json:"sent"`
	// BatchSize is null where the webhook has no batches.
	BatchSize *int `json:"batchSize"`
}

// sentHeaderJSON has no value where that is told nobody.
type sentHeaderJSON struct {
	Name  string  `json:"name"`
	Value *string `json:"value"`
}

func showRequest(r *billhook.Request) requestJSON {
	shown := requestJSON{Method: r.Method, URL: r.URL, Headers: []sentHeaderJSON{}, Body: r.Body, SignatureBase: r.SignatureBase, At: instant(r.At), Sent: r.Sent}
	for i := range r.Headers {
		h := sentHeaderJSON{Name: r.Headers[i].Name}
		if !r.Headers[i].Hidden {
			h.Value = &r.Headers[i].Value
		}
		shown.Headers = append(shown.Headers, h)
	}
	if r.BatchSize > 0 {
		shown.BatchSize = &r.BatchSize
	}
	return shown
}

func (c *call) getDeliveryRequest() error {
	r, err := c.client.RequestOf(c.r.Context(), c.storeID, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showRequest(&r))
}
