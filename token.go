package billhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// SignToken writes claims down so that they can be handed out and, when they come
// back, be known for ours: base64url of them, ".", and base64url of the HMAC-SHA256 of
// what stands before. They can be read by whoever has the token, and nothing of it is
// kept. What is signed for one purpose is nothing for another; the keys are those of
// DeriveKeys.
func (c *Client) SignToken(purpose string, claims []byte) string {
	return signToken(c.DeriveKeys(purpose)[0], claims)
}

// ReadToken finds the claims of a token that was signed for the purpose. Whether they
// still hold is the caller's to say.
func (c *Client) ReadToken(purpose, token string) (claims []byte, ok bool) {
	return readToken(c.DeriveKeys(purpose), token)
}

func signToken(key, claims []byte) string {
	body := base64.RawURLEncoding.EncodeToString(claims)
	return body + "." + tokenSum(key, body)
}

// readToken compares the signature as text: base64 has more than one text for the same
// bytes, and a token has one form only.
func readToken(keys [][]byte, token string) (claims []byte, ok bool) {
	body, sum, _ := strings.Cut(token, ".")
	for _, key := range keys {
		ok = hmac.Equal([]byte(sum), []byte(tokenSum(key, body))) || ok
	}
	if !ok {
		return nil, false
	}
	claims, err := base64.RawURLEncoding.DecodeString(body)
	return claims, err == nil
}

func tokenSum(key []byte, body string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
