import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Webhooks {
  /**
   * body is the request's raw bytes, from before they were parsed; header finds one by its name;
   * now is Instant.now().getEpochSecond().
   */
  static boolean verify(byte[] body, Function<String, String> header, String secret, long now)
      throws GeneralSecurityException {
    String id = header.apply("webhook-id");
    String sent = header.apply("webhook-timestamp");
    String signatures = header.apply("webhook-signature");
    if (id == null || sent == null || signatures == null || !sent.matches("[0-9]{1,12}")) return false;
    String text = secret.replaceFirst("^whsec_", "");
    if (text.matches("(whpk_.*)?")) return false; // missing, or public
    if (Math.abs(now - Long.parseLong(sent)) > 300) return false;
    byte[] key = text.matches("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
        ? Base64.getDecoder().decode(text)
        : secret.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream signed = new ByteArrayOutputStream();
    signed.writeBytes((id + "." + sent + ".").getBytes(StandardCharsets.UTF_8));
    signed.writeBytes(body);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    String want = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.toByteArray()));
    boolean matched = false;
    // While a secret is changed there is a signature of the old and one of the new.
    for (String given : signatures.split(" ")) matched |= MessageDigest.isEqual(given.getBytes(), want.getBytes());
    return matched;
  }
}

// In a controller of Spring:
//   @PostMapping("/hook")
//   ResponseEntity<Void> hook(@RequestBody byte[] body, @RequestHeader HttpHeaders headers) throws Exception {
//     long now = Instant.now().getEpochSecond();
//     if (!Webhooks.verify(body, headers::getFirst, secret, now)) return ResponseEntity.status(401).build();
//     handle(body);
//     return ResponseEntity.noContent().build();
//   }
