import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Answers each case of stdin, a line each, with what the snippet says. */
class Harness {
  public static void main(String[] args) throws Exception {
    var verify = List.of(Webhooks.class.getDeclaredMethods()).stream().filter(m -> m.getName().equals("verify")).findFirst().get();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    List<String> answers = new ArrayList<>();
    for (String line; (line = in.readLine()) != null; ) {
      String[] fields = line.split("\t", -1);
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      for (int i = 3; i < fields.length; i += 2) headers.put(fields[i], fields[i + 1]);
      byte[] body = Base64.getDecoder().decode(fields[2]);
      Function<String, String> header = headers::get;
      Object answer = verify.getParameterCount() == 3
          ? verify.invoke(null, body, header, fields[1])
          : verify.invoke(null, body, header, fields[1], Long.parseLong(fields[0]));
      answers.add(answer.toString());
    }
    System.out.println(answers);
  }
}
