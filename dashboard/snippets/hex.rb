require "openssl"

# body is the request's raw bytes, from before they were parsed; env is Rack's.
def verify(body, env, secret)
  return false if secret.empty? || secret.start_with?("whpk_") # missing, or public

  want = OpenSSL::HMAC.hexdigest("SHA256", secret, body)
  given = env["{{.CGI}}"].to_s
  given.bytesize == want.bytesize && OpenSSL.fixed_length_secure_compare(given, want)
end

# In a controller of Rails:
#   body = request.raw_post
#   return head :unauthorized unless verify(body, request.env, ENV.fetch("WEBHOOK_SECRET"))
#   handle(JSON.parse(body))
#   head :no_content
