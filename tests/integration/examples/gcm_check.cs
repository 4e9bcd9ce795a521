// Seals texts with the Gcm class of the C# endpoint: arguments KEY IV TEXT, in hex, over and over.
// Prints for each the sealed bytes, and whether they open and a changed copy is refused.
using System;
using System.Linq;
using System.Security.Cryptography;

public static class GcmCheck
{
    public static void Main(string[] given)
    {
        for (var i = 0; i + 2 < given.Length; i += 3)
        {
            byte[] key = Read(given[i]), iv = Read(given[i + 1]), text = Read(given[i + 2]);
            var made = Gcm.Encrypt(key, iv, text);
            var opens = Gcm.Decrypt(key, iv, made).SequenceEqual(text);
            var hex = BitConverter.ToString(made).Replace("-", "").ToLowerInvariant();
            made[0] ^= 1;
            Console.WriteLine(hex + " " + (opens && IsRefused(key, iv, made)));
        }
    }

    static bool IsRefused(byte[] key, byte[] iv, byte[] made)
    {
        try
        {
            Gcm.Decrypt(key, iv, made);
            return false;
        }
        catch (CryptographicException)
        {
            return true;
        }
    }

    static byte[] Read(string hex)
    {
        return Enumerable.Range(0, hex.Length / 2)
            .Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray();
    }
}
