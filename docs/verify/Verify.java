import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Verifies webhooks that Billhook sent. Java 11 or later; copy what you need.
 *
 * <p>body is always the request's raw bytes, from before anything parsed them, and secrets are all
 * that are in use: two while one is replaced.
 */
public final class Verify {
  private Verify() {}

  /**
   * Says whether one of the secrets signed id, time and body, in the headers of Standard Webhooks,
   * at most toleranceSeconds from now (300 is usual). header finds a value, or null, by its name in
   * any case: request::getHeader of a servlet, headers::getFirst of Spring.
   */
  public static boolean standard(
      byte[] body, Function<String, String> header, List<String> secrets, long toleranceSeconds, Instant now) {
    String id = header.apply("webhook-id");
    String sent = header.apply("webhook-timestamp");
    String signatures = header.apply("webhook-signature");
    if (id == null || id.isEmpty() || sent == null || signatures == null
        || !sent.matches("[0-9]{1,12}")
        || Math.abs(now.getEpochSecond() - Long.parseLong(sent)) > toleranceSeconds) {
      return false;
    }
    ByteArrayOutputStream signed = new ByteArrayOutputStream();
    signed.writeBytes((id + "." + sent + ".").getBytes(StandardCharsets.UTF_8));
    signed.writeBytes(body);
    boolean matched = false;
    for (String secret : secrets) {
      if (!usable(secret)) continue;
      byte[] mac = mac(standardKey(secret), signed.toByteArray());
      String want = "v1," + Base64.getEncoder().encodeToString(mac);
      for (String given : signatures.split(" ")) {
        matched |= same(given, want);
      }
    }
    return matched;
  }

  /**
   * Says whether one of the secrets made the signature, which is the value of the platform's own
   * header, or null. It signs no time: an old request verifies too.
   */
  public static boolean header(byte[] body, String signature, List<String> secrets) {
    boolean matched = false;
    for (String secret : secrets) {
      if (signature == null || !usable(secret)) continue;
      StringBuilder want = new StringBuilder();
      for (byte b : mac(secret.getBytes(StandardCharsets.UTF_8), body)) {
        want.append(String.format("%02x", b));
      }
      matched |= same(signature, want.toString());
    }
    return matched;
  }

  /** Leaves out what anybody could sign with: nothing at all, and public keys. */
  private static boolean usable(String secret) {
    return secret != null && !secret.isEmpty() && !secret.equals("whsec_") && !secret.startsWith("whpk_");
  }

  /** Is what base64 after whsec_ says, or the secret as it stands where it is none. */
  private static byte[] standardKey(String secret) {
    String text = secret.startsWith("whsec_") ? secret.substring(6) : secret;
    return text.matches("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
        ? Base64.getDecoder().decode(text)
        : secret.getBytes(StandardCharsets.UTF_8);
  }

  /** Compares in a time that does not tell where two strings differ. */
  private static boolean same(String given, String want) {
    return MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), want.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] mac(byte[] key, byte[] text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }
}
