<?php
// $body is the request's raw bytes, from before they were parsed; $server is $_SERVER.
function verify(string $body, array $server, string $secret): bool
{
    if ($secret === '' || str_starts_with($secret, 'whpk_')) { // missing, or public
        return false;
    }
    $want = hash_hmac('sha256', $body, $secret);
    return hash_equals($want, $server['{{.CGI}}'] ?? '');
}

// In the script that takes the webhook:
//   $body = file_get_contents('php://input');
//   if (!verify($body, $_SERVER, getenv('WEBHOOK_SECRET'))) {
//       http_response_code(401);
//       exit;
//   }
//   handle(json_decode($body, true));
