/**
 * Provider names as producers write them (OpenTelemetry GenAI semantic conventions, SDKs, gateways) to price book ids.
 * Explicit, because a wrong provider is a wrong price: an Azure or Bedrock request is not billed by the model's author.
 */
const NAMES: Readonly<Record<string, string>> = {
  'gcp.gemini': 'google',
  'gcp.vertex_ai': 'google',
  'gcp.gen_ai': 'google',
  gcp: 'google',
  vertex_ai: 'google',
  vertexai: 'google',
  'vertex-ai': 'google',
  gemini: 'google',
  google_genai: 'google',
  'google-genai': 'google',
  'google.generative-ai': 'google',
  'google.vertex': 'google',
  google_vertexai: 'google',
  'aws.bedrock': 'aws',
  aws_bedrock: 'aws',
  bedrock: 'aws',
  'amazon-bedrock': 'aws',
  amazon_bedrock: 'aws',
  azure_openai: 'azure',
  'azure-openai': 'azure',
  azure_ai: 'azure',
  'az.ai.inference': 'azure',
  'az.ai.openai': 'azure',
  x_ai: 'x-ai',
  xai: 'x-ai',
  mistral_ai: 'mistral',
  mistralai: 'mistral',
  moonshot_ai: 'moonshotai',
  moonshot: 'moonshotai',
  together_ai: 'together',
  togetherai: 'together',
  fireworks_ai: 'fireworks',
  'fireworks-ai': 'fireworks',
  perplexity_ai: 'perplexity',
  voyage: 'voyageai',
  voyage_ai: 'voyageai',
  github_copilot: 'github-copilot',
  z_ai: 'zai',
  'z-ai': 'zai',
  'z.ai': 'zai',
};

// The conventions name Azure services one by one: azure.ai.openai, azure.ai.inference, az.ai.*.
const AZURE_SERVICE = /^(?:azure|az)\.ai\.[a-z0-9_.-]{1,40}$/;

/**
 * The price book id of a provider name, or the name itself (trimmed, lower case) when it is not listed: whether that is a
 * known provider is for the book to say.
 */
export function canonicalProviderName(name: string): string {
  const key = name.trim().toLowerCase();
  if (Object.hasOwn(NAMES, key)) return NAMES[key] ?? key;
  return AZURE_SERVICE.test(key) ? 'azure' : key;
}
