<?php
// $body is the request's raw bytes, from before they were parsed; $server is $_SERVER.
function verify(string $body, array $server, string $secret, ?int $now = null): bool
{
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $sent = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($sent) || abs(($now ?? time()) - (int) $sent) > 300) {
        return false;
    }
    $text = preg_replace('/^whsec_/', '', $secret);
    if ($text === '' || str_starts_with($text, 'whpk_')) { // missing, or public
        return false;
    }
    $base64 = '~^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$~D';
    $key = preg_match($base64, $text) ? base64_decode($text) : $secret;
    $want = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sent.$body", $key, true));
    // While a secret is changed there is a signature of the old and one of the new.
    foreach (explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($want, $given)) {
            return true;
        }
    }
    return false;
}

// In the script that takes the webhook:
//   $body = file_get_contents('php://input');
//   if (!verify($body, $_SERVER, getenv('WEBHOOK_SECRET'))) {
//       http_response_code(401);
//       exit;
//   }
//   handle(json_decode($body, true));
