# Verifies webhooks that Billhook sent. Ruby 3.0 or later; copy what you need.
#
# body is always the request's raw bytes, from before anything parsed them, and
# secrets are all that are in use: two while one is replaced.
require "openssl"

module BillhookVerify
  module_function

  # Says whether one of the secrets signed id, time and body, in the headers of
  # Standard Webhooks, at most tolerance seconds from now. env is Rack's, which is
  # request.env in Rails.
  def standard(body, env, secrets, tolerance: 300, now: Time.now.to_i)
    id = env["HTTP_WEBHOOK_ID"].to_s
    sent = env["HTTP_WEBHOOK_TIMESTAMP"].to_s
    return false if id.empty? || !sent.match?(/\A[0-9]{1,12}\z/) || (now - sent.to_i).abs > tolerance

    signed = "#{id}.#{sent}.".b + body.b
    signatures = env["HTTP_WEBHOOK_SIGNATURE"].to_s.split(" ")
    usable(secrets).map do |secret|
      want = "v1," + [OpenSSL::HMAC.digest("SHA256", standard_key(secret), signed)].pack("m0")
      signatures.map { |given| same?(given, want) }.any?
    end.any?
  end

  # Says whether one of the secrets made the signature, which is the value of the
  # platform's own header. It signs no time: an old request verifies too.
  def header(body, signature, secrets)
    usable(secrets).map { |secret| same?(signature.to_s, OpenSSL::HMAC.hexdigest("SHA256", secret, body)) }.any?
  end

  # Compares in a time that does not tell where two strings differ.
  def same?(given, want)
    given.bytesize == want.bytesize && OpenSSL.fixed_length_secure_compare(given, want)
  end

  # Leaves out what anybody could sign with: nothing at all, and public keys.
  def usable(secrets)
    Array(secrets).reject { |s| s.to_s.empty? || s == "whsec_" || s.start_with?("whpk_") }
  end

  # Is what base64 after whsec_ says, or the secret as it stands where it is none.
  def standard_key(secret)
    text = secret.delete_prefix("whsec_")
    base64 = %r{\A([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\z}
    base64.match?(text) ? text.unpack1("m") : secret
  end
end
