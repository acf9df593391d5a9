require "openssl"

# body is the request's raw bytes, from before they were parsed; env is Rack's.
def verify(body, env, secret, now = Time.now.to_i)
  id = env["HTTP_WEBHOOK_ID"].to_s
  sent = env["HTTP_WEBHOOK_TIMESTAMP"].to_s
  return false unless sent.match?(/\A\d+\z/) && (now - sent.to_i).abs <= 300

  text = secret.delete_prefix("whsec_")
  return false if text.empty? || text.start_with?("whpk_") # missing, or public

  base64 = %r{\A([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\z}
  key = base64.match?(text) ? text.unpack1("m") : secret
  signed = "#{id}.#{sent}.".b + body.b
  want = "v1," + [OpenSSL::HMAC.digest("SHA256", key, signed)].pack("m0")
  # While a secret is changed there is a signature of the old and one of the new.
  env["HTTP_WEBHOOK_SIGNATURE"].to_s.split.any? do |given|
    given.bytesize == want.bytesize && OpenSSL.fixed_length_secure_compare(given, want)
  end
end

# In a controller of Rails:
#   body = request.raw_post
#   return head :unauthorized unless verify(body, request.env, ENV.fetch("WEBHOOK_SECRET"))
#   handle(JSON.parse(body))
#   head :no_content
