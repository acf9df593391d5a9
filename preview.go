package billhook

import "context"

// CheckURL says whether a webhook of the store may have the URL, as Register and
// Update would: for who is still typing. It looks the host's name up, and writes
// nothing.
func (c *Client) CheckURL(ctx context.Context, storeID, url string) error {
	_, p, err := c.registry.store(storeID)
	if err != nil {
		return err
	}
	return c.checkURL(ctx, url, storeID, p)
}

// CheckFilter says whether a webhook may have the filter, as Register and Update
// would. Without Config.Filters it may have none.
func (c *Client) CheckFilter(filter string) error {
	_, err := c.compileFilter(filter)
	return err
}
