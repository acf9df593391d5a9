import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Answers each request of stdin, as request_test.go writes them, with what Verify says. */
class Harness {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line; (line = in.readLine()) != null; ) {
      String[] fields = line.split("\t", -1);
      byte[] body = Base64.getDecoder().decode(fields[1]);
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      List<String> secrets = new ArrayList<>();
      for (int i = 3; i < fields.length; i++) {
        String[] one = text(fields[i]).split("\n", 2);
        if (one[0].isEmpty()) {
          secrets.add(one[1]);
        } else {
          headers.put(one[0], one[1]);
        }
      }
      Instant now = Instant.ofEpochSecond(Long.parseLong(fields[0]));
      System.out.print(Verify.standard(body, headers::get, secrets, 300, now) ? 1 : 0);
      System.out.println(Verify.header(body, text(fields[2]), secrets) ? 1 : 0);
    }
  }

  private static String text(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
