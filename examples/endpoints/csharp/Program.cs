// A data endpoint in C# on .NET 8 or later, without any package. Run: dotnet run
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

const int MaxBytes = 14 * 1024 * 1024;
var secret = Environment.GetEnvironmentVariable("APP_SECRET") ?? "";
if (secret == "")
{
    throw new InvalidOperationException("Set APP_SECRET: without it anyone could call the endpoint.");
}
using var key = RSA.Create();
var file = Environment.GetEnvironmentVariable("PRIVATE_KEY_FILE") ?? "private.pem";
var passphrase = Environment.GetEnvironmentVariable("PASSPHRASE");
if (string.IsNullOrEmpty(passphrase)) key.ImportFromPem(File.ReadAllText(file));
else key.ImportFromEncryptedPem(File.ReadAllText(file), passphrase);

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBytes);
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "9000"}");
var app = builder.Build();
app.MapPost("/{**path}", async (HttpRequest http) =>
{
    using var buffer = new MemoryStream();
    await http.Body.CopyToAsync(buffer);
    var body = buffer.ToArray();
    if (!IsSigned(body, http.Headers["X-Hub-Signature-256"].ToString())) return Text("", 432);
    JsonObject request;
    byte[] aesKey, iv;
    try
    {
        (request, aesKey, iv) = Decrypt(body);
    }
    catch (Exception)
    {
        return Text("", 421); // The phone fetches the public key again and repeats the request.
    }
    try
    {
        return Text(Encrypt(Answer(request), aesKey, iv), 200);
    }
    catch (Exception error)
    {
        Console.Error.WriteLine(error);
        return Text("", 500);
    }
});
app.Run();

// What the flow does: this is the part to write yourself.
static object Answer(JsonObject request)
{
    var days = new[] { new { id = "mon", title = "Monday" }, new { id = "tue", title = "Tuesday" } };
    var action = (string?)request["action"];
    var screen = (string?)request["screen"];
    var data = request["data"] as JsonObject ?? new JsonObject();
    if (action == "ping") return new { data = new { status = "active" } };
    if (data["error"] is not null && data["error_message"] is not null)
    {
        Console.Error.WriteLine($"the phone reports: {data["error"]}");
        return new { data = new { acknowledged = true } };
    }
    if (action is "INIT" or "BACK") return new { screen = "PICK_DAY", data = new { days } };
    if (action == "data_exchange" && screen == "PICK_DAY")
    {
        var day = data["day"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
        if (!days.Any(one => one.id == day))
        {
            var error_message = "Please choose one of these days.";
            return new { screen, data = new { days, error_message } };
        }
        var parameters = new { flow_token = (string?)request["flow_token"], day };
        return new
        {
            screen = "SUCCESS",
            data = new { extension_message_response = new { @params = parameters } },
        };
    }
    throw new InvalidOperationException($"no answer for {action} of {screen}");
}

bool IsSigned(byte[] body, string signature)
{
    var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body);
    var expected = "sha256=" + Convert.ToHexString(mac).ToLowerInvariant();
    return CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(signature));
}

(JsonObject, byte[], byte[]) Decrypt(byte[] body)
{
    using var envelope = JsonDocument.Parse(body);
    byte[] Part(string name) => envelope.RootElement.GetProperty(name).GetBytesFromBase64();
    var aesKey = key.Decrypt(Part("encrypted_aes_key"), RSAEncryptionPadding.OaepSHA256);
    var iv = Part("initial_vector");
    var text = Gcm.Decrypt(aesKey, iv, Part("encrypted_flow_data"));
    return (JsonNode.Parse(text)!.AsObject(), aesKey, iv);
}

static string Encrypt(object answer, byte[] aesKey, byte[] iv)
{
    var flipped = iv.Select(one => (byte)(one ^ 0xff)).ToArray();
    return Convert.ToBase64String(
        Gcm.Encrypt(aesKey, flipped, JsonSerializer.SerializeToUtf8Bytes(answer)));
}

static IResult Text(string text, int status) =>
    Results.Text(text, "text/plain", Encoding.ASCII, status);
