package client

// resources are the parts of the API, each with its calls.
type resources struct {
	Stores Stores
}

func resourcesOf(c *Client) resources {
	return resources{Stores: Stores{c}}
}
