import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Webhooks {
  /** body is the request's raw bytes, from before they were parsed; header finds one by its name. */
  static boolean verify(byte[] body, Function<String, String> header, String secret)
      throws GeneralSecurityException {
    String given = header.apply("{{.Header}}");
    if (given == null || secret.matches("(whpk_.*)?")) return false; // missing, or public
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    StringBuilder want = new StringBuilder();
    for (byte b : mac.doFinal(body)) want.append(String.format("%02x", b));
    return MessageDigest.isEqual(given.getBytes(), want.toString().getBytes());
  }
}

// In a controller of Spring:
//   @PostMapping("/hook")
//   ResponseEntity<Void> hook(@RequestBody byte[] body, @RequestHeader HttpHeaders headers) throws Exception {
//     if (!Webhooks.verify(body, headers::getFirst, secret)) return ResponseEntity.status(401).build();
//     handle(body);
//     return ResponseEntity.noContent().build();
//   }
